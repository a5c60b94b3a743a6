import type { Ledger, RejectedRecord } from '../../../../shared/protocol/views.ts'
import { AppError } from '../../../errors.ts'
import type { JobContext, JobOutcome } from '../../../jobs/importer.ts'
import type { Fault } from '../check/check-files.ts'
import type { Refusal } from '../load/loader.ts'
import { counted } from '../problem.ts'
import { excerptOf, located, rejected } from './excerpt.ts'
import type { Tally } from './tally.ts'

/** Lines of the log that speak of single records; the list of rejected records has all of them. */
export const mostLines = 20

/**
 * A run that was refused as a whole: nothing of it is in the target. The faults are on the rejected list and, the first of them, in the log.
 * @param more faults beyond these, each in a record of its own
 */
export async function refuseRun(context: JobContext, total: number | null, faults: Fault[], more = 0): Promise<JobOutcome> {
  const records = byRecord(faults)
  for (const found of records) await context.reject(joined(found))
  await logFaults(context, faults, more)
  const failed = records.length + more
  const [first] = faults
  const rest = failed > 1 ? ` ${counted(failed - 1, 'other record is', 'other records are')} bad as well; the list of rejected records has them.` : ''
  const message = first ? `${located(first.excerpt, first.problem.message)}${rest} Nothing was written.` : 'Nothing was written.'
  await context.log('error', `Nothing was written, because of ${counted(failed, 'bad record')}.`)
  await context.flush()
  return {
    status: 'failed',
    ledger: { total, succeeded: 0, failed: total === null ? 0 : failed, skipped: 0, notReached: total === null ? null : total - failed },
    error: { code: first?.problem.code ?? 'record_invalid', message, ...(first?.problem.details && { details: first.problem.details }) },
  }
}

function byRecord(faults: Fault[]): Fault[][] {
  return [...Map.groupBy(faults, ({ excerpt }) => `${excerpt.file}\0${excerpt.record}`).values()]
}

/** One entry of the list for all that is wrong with a record. */
function joined(faults: Fault[]): RejectedRecord {
  const [first] = faults as [Fault]
  return rejected(first.excerpt, { code: first.problem.code, message: faults.map(({ problem }) => problem.message).join(' ') })
}

async function logFaults(context: JobContext, faults: Fault[], more: number): Promise<void> {
  for (const { excerpt, problem } of faults.slice(0, mostLines)) await context.log('error', located(excerpt, problem.message))
  const unsaid = Math.max(0, faults.length - mostLines) + more
  if (unsaid > 0) await context.log('error', `… and ${counted(unsaid, 'more problem')}.`)
}

export function faultOf({ record, problem }: Refusal): Fault {
  return { excerpt: excerptOf(record), problem }
}

export function rejectionOf(refusal: Refusal): RejectedRecord {
  const { excerpt, problem } = faultOf(refusal)
  return rejected(excerpt, problem)
}

/** The ledger of a run that looked at every record. Throws when it did not: then a record was lost on the way, and nothing may be called done. */
export function wholeLedger(tally: Tally, total: number): Ledger {
  const ledger = tally.ledger(total)
  if (ledger.succeeded + ledger.failed !== total) throw new Error(`${ledger.succeeded} + ${ledger.failed} of ${total} records are accounted for`)
  return ledger
}

/** How a run that kept going ended. */
export function keptGoing(tally: Tally, total: number): JobOutcome {
  const ledger = wholeLedger(tally, total)
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
