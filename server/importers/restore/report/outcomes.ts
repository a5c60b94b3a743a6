import type { Ledger, RejectedRecord } from '../../../../shared/protocol/views.ts'
import { AppError } from '../../../errors.ts'
import type { JobContext, JobOutcome } from '../../../jobs/importer.ts'
import type { Fault } from '../check/check-files.ts'
import type { Refusal } from '../load/loader.ts'
import { counted } from '../problem.ts'
import { excerptOf, located, rejected } from './excerpt.ts'
import type { Tally } from './tally.ts'

/** Lines of the log that speak of single records; the list of rejected records has all of them. */
const mostLines = 20

/** A run that was refused as a whole: nothing of it is in the target. The faults are on the rejected list and, the first of them, in the log. */
export async function refuseRun(context: JobContext, total: number | null, faults: Fault[], count = faults.length): Promise<JobOutcome> {
  for (const { excerpt, problem } of faults) await context.reject(rejected(excerpt, problem))
  await logFaults(context, faults, count)
  const [first] = faults
  const more = count > 1 ? ` ${counted(count - 1, 'more is', 'more are')} on the list of rejected records.` : ''
  const message = first ? `${located(first.excerpt, first.problem.message)}${more} Nothing was written.` : 'Nothing was written.'
  const notReached = total === null ? null : Math.max(0, total - count)
  await context.log('error', `Nothing was written: ${counted(count, 'problem')}.`)
  await context.flush()
  return {
    status: 'failed',
    ledger: { total, succeeded: 0, failed: total === null ? 0 : Math.min(count, total), skipped: 0, notReached },
    error: { code: first?.problem.code ?? 'record_invalid', message, ...(first?.problem.details && { details: first.problem.details }) },
  }
}

async function logFaults(context: JobContext, faults: Fault[], count: number): Promise<void> {
  for (const { excerpt, problem } of faults.slice(0, mostLines)) await context.log('error', located(excerpt, problem.message))
  if (count > mostLines) await context.log('error', `… and ${counted(count - mostLines, 'more problem')}.`)
}

export function faultOf({ record, problem }: Refusal): Fault {
  return { excerpt: excerptOf(record), problem }
}

export function rejectionOf(refusal: Refusal): RejectedRecord {
  const { excerpt, problem } = faultOf(refusal)
  return rejected(excerpt, problem)
}

/** How a run that kept going ended. */
export function keptGoing(tally: Tally, total: number): JobOutcome {
  const ledger = tally.ledger(total)
  if (tally.failed === 0) return { status: 'succeeded', ledger }
  if (tally.succeeded > 0) return { status: 'partly_failed', ledger }
  const { code, message } = tally.problem ?? { code: 'record_invalid' as const, message: 'No record could be taken.' }
  return { status: 'failed', ledger, error: { code, message: `No record went in. The first reason: ${message}` } }
}

/** A run that ended before its end, with what stands in the target by then. A shutdown, a fence and what nobody foresaw are thrown on. */
export function endedEarly(thrown: unknown, signal: AbortSignal, ledger: Ledger): JobOutcome {
  const reason: unknown = signal.aborted ? signal.reason : thrown
  if (!(reason instanceof AppError) || reason.code === 'shutting_down' || reason.code === 'fenced' || reason.code === 'internal') throw reason
  const { code, message, details } = reason
  return { status: code === 'cancelled' ? 'cancelled' : 'failed', ledger, error: { code, message, ...(details && { details }) } }
}
