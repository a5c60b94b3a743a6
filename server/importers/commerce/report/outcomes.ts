import type { Ledger } from '../../../../shared/protocol/views.ts'
import { AppError } from '../../../errors.ts'
import type { JobOutcome } from '../../../jobs/importer.ts'
import type { Tally } from './tally.ts'

/** How a run ended that looked at every record. Throws when it did not: then one was lost on the way, and nothing may be called done. */
export function endedWell(tally: Tally, total: number): JobOutcome {
  const ledger = tally.ledger(total)
  if (tally.done !== total) throw new Error(`${tally.done} of ${total} records are accounted for`)
  if (tally.failed === 0) return { status: 'succeeded', ledger }
  if (tally.succeeded + tally.pending > 0) return { status: 'partly_failed', ledger }
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
