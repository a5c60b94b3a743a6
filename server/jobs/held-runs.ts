import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

/** What the row of a run says of who works on it. */
export type RunState = { attempt: number; status: SessionStatus; worker: string | null }

/** The leases of runs, in the app database and by its clock. */
export type RunLeases = {
  /** Believes the worker for another `leaseMs`, for those of these runs that are still its own. */
  extend(worker: string, importIds: string[], leaseMs: number): Promise<void>
  look(importIds: string[]): Promise<Map<string, RunState>>
}

type Held = { attempt: number; until: number; lost(why: string): void; cancelled(): void }

const lookEveryMs = 500

/**
 * The runs that work in this process. Keeps their leases, hears within a second that a run was cancelled by another process or is no longer ours, and
 * knows whether this process may still speak for a run: a process that was stopped for longer than its lease may not, whatever it believes.
 */
export class HeldRuns {
  readonly #leases: RunLeases
  readonly #worker: string
  readonly #leaseMs: number
  readonly #log: Logger
  readonly #runs = new Map<string, Held>()
  #timer: NodeJS.Timeout | undefined
  #extendAt = 0
  #looking = false

  constructor(parts: { leases: RunLeases; worker: string; leaseMs: number; log: Logger }) {
    this.#leases = parts.leases
    this.#worker = parts.worker
    this.#leaseMs = parts.leaseMs
    this.#log = parts.log
  }

  /** `since`: `performance.now()` from before the lease was taken. `lost` is called once at most. */
  add(importId: string, run: { attempt: number; since: number; lost(why: string): void; cancelled(): void }): void {
    const { since, ...held } = run
    this.#runs.set(importId, { ...held, until: since + this.#leaseMs })
    this.#extendAt = Math.min(this.#extendAt || Infinity, since + this.#leaseMs / 3)
    this.#timer ??= setInterval(() => void this.#look(), lookEveryMs)
  }

  remove(importId: string): void {
    this.#runs.delete(importId)
    if (this.#runs.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#extendAt = 0
  }

  /** Whether this process may still speak for that run: by a clock that runs on while the process is stopped. */
  maySpeak(importId: string): boolean {
    const run = this.#runs.get(importId)
    return run !== undefined && performance.now() < run.until
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const now = performance.now()
      const extend = now >= this.#extendAt
      const ids = [...this.#runs.keys()]
      if (extend) await this.#leases.extend(this.#worker, ids, this.#leaseMs)
      this.#judge(await this.#leases.look(ids), ids, extend ? now : null)
      if (extend) this.#extendAt = now + this.#leaseMs / 3
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, 'the leases of the runs here could not be looked after')
      for (const [importId, run] of this.#runs) if (performance.now() >= run.until) this.#lose(importId, run, 'the lease ended unheard')
    } finally {
      this.#looking = false
    }
  }

  #judge(states: Map<string, RunState>, ids: string[], extendedAt: number | null): void {
    for (const importId of ids) {
      const run = this.#runs.get(importId)
      const state = states.get(importId)
      if (!run) continue
      if (!state || state.attempt !== run.attempt || state.worker !== this.#worker)
        this.#lose(importId, run, 'another worker has it, or it has ended')
      else if (extendedAt !== null) run.until = extendedAt + this.#leaseMs
      if (state?.status === 'cancelling') run.cancelled()
    }
  }

  #lose(importId: string, run: Held, why: string): void {
    this.remove(importId)
    run.lost(why)
  }
}
