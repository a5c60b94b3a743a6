import type { ThreadOutcome } from './thread-protocol.ts'

/** How long an attempt waits before the next, after each failure in a row. */
const pausesMs = [1_000, 4_000, 15_000]
/** A target that is locked by what a lost attempt left there is free when the database has noticed: after the time of a lease, or of a lock. */
const mostLocked = 30

/** What stands in the way of a run that a pause may help: when it goes on, and what the people who watch are told. */
export type Trouble = { pauseMs: number; message: string }

type Failures = { inARow: number; furthest: number; afterLoss: boolean }

/**
 * A database that restarts, a connection that breaks, a deadlock with somebody else: what was committed stands, so the run goes on with another attempt,
 * after a pause. It fails when that happens too often in a row without a record more having gone in.
 */
export class TargetTroubles {
  readonly #runs = new Map<string, Failures>()

  /** What to do about the outcome of an attempt; null when it stands. */
  of(importId: string, outcome: ThreadOutcome, attempt: number): Trouble | null {
    if (outcome.status !== 'failed') return null
    const { code, message } = outcome.error
    if (code !== 'target_unreachable' && code !== 'target_locked') return null
    const failures = this.#count(importId, outcome.ledger.succeeded, attempt)
    const waitsForLock = code === 'target_locked' && failures.afterLoss && failures.inARow < mostLocked
    const pauseMs = pausesMs[failures.inARow - 1] ?? (waitsForLock ? pausesMs.at(-1) : undefined)
    if (pauseMs === undefined) return null
    return { pauseMs, message: `${message} The run goes on in ${pauseMs / 1000} s.` }
  }

  /** The run is over, or in other hands. */
  forget(importId: string): void {
    this.#runs.delete(importId)
  }

  #count(importId: string, succeeded: number, attempt: number): Failures {
    const { inARow, furthest, afterLoss } = this.#runs.get(importId) ?? { inARow: 0, furthest: 0, afterLoss: attempt > 1 }
    const failures = { inARow: succeeded > furthest ? 1 : inARow + 1, furthest: Math.max(succeeded, furthest), afterLoss }
    this.#runs.set(importId, failures)
    return failures
  }
}
