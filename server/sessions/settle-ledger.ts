import type { ImportSession } from '../database/entities.ts'
import type { ThreadOutcome } from '../jobs/thread-protocol.ts'
import type { Ledger, Progress } from '../../shared/protocol/views.ts'

type Finished = Exclude<ThreadOutcome, { status: 'interrupted' | 'held' }>
type Figures = { progress: Progress; ledger: Ledger }

/**
 * The figures that a run ends with. The ledger adds up: total = succeeded + failed + skipped + not reached. A run that ended without its own count (it
 * was cancelled or fell over) is counted from the last figures seen; what was to be written in one transaction was then not written at all.
 */
export function settle(row: Pick<ImportSession, 'options' | 'progress'>, outcome: Finished, live: Figures | undefined): Figures {
  const counted = outcome.ledger.total !== null || outcome.status === 'succeeded' || outcome.status === 'partly_failed'
  const ledger = counted ? outcome.ledger : estimate(row.options, live?.ledger ?? outcome.ledger)
  const done = live?.progress ?? row.progress
  const whole = outcome.status === 'succeeded' || outcome.status === 'partly_failed'
  const { step, current: _, deliveries: __, ...rest } = done
  // Where a run stopped that did not come to its end is worth to know.
  const progress: Progress = { ...rest, ...(step && !whole && { step }), percent: whole ? 100 : done.percent, rate: null, etaMs: null }
  if (whole && ledger.total !== null) Object.assign(progress, { done: ledger.total, total: ledger.total })
  return { ledger: balance(ledger), progress }
}

function estimate(options: Record<string, unknown>, seen: Ledger): Ledger {
  const undone = options['mode'] === 'all_or_nothing' || options['dryRun'] === true
  return undone ? { ...seen, succeeded: 0, skipped: 0 } : seen
}

function balance(ledger: Ledger): Ledger {
  const { total, succeeded, failed, skipped } = ledger
  return { ...ledger, notReached: total === null ? null : Math.max(0, total - succeeded - failed - skipped) }
}
