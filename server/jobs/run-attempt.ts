import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { Leases, Lease } from '../locks/leases.ts'
import { AttemptWorker } from './attempt-worker.ts'
import type { Crash, ThreadEvents } from './attempt-worker.ts'
import type { DeliveryQuestion } from './delivery-book.ts'
import type { Question } from './importer.ts'
import { Company } from './company.ts'
import { HeldRuns } from './held-runs.ts'
import type { RunLeases } from './held-runs.ts'
import type { LiveRuns } from './live-runs.ts'
import type { Handled } from './queue.ts'
import { TargetTroubles } from './target-troubles.ts'
import type { Trouble } from './target-troubles.ts'
import type { FromThread, ThreadInput, ThreadOutcome } from './thread-protocol.ts'

/** What the row says of an attempt; the memory is this process's to give. */
export type AttemptInput = Omit<ThreadInput, 'memoryMb'>

/** What an attempt needs of the import session's row. All of it is fenced by the attempt's number: a stale one changes nothing. */
export type AttemptStore = {
  /** The lock that the run needs; null when there is nothing to run any more; `not_mine` when this process is too old for it. One that is suspect lost its worker so often that the next time must tell whether it was to blame: it works alone. */
  lockFor(importId: string): Promise<{ key: string; suspect: boolean } | 'not_mine' | null>
  /**
   * Makes the next attempt, with a lease for its worker, and moves the run to `running`; null when it was cancelled or is somebody else's, `busy` when
   * another run works on its target.
   */
  claim(importId: string, worker: string, leaseMs: number): Promise<AttemptInput | 'busy' | null>
  keepBatch(importId: string, attempt: number, batch: Extract<FromThread, { type: 'batch' }>): Promise<void>
  /** What the thread of a bulk run asks about its deliveries. */
  answer(importId: string, attempt: number, question: DeliveryQuestion): Promise<unknown>
  /** Nobody asks for this attempt any more. */
  left(importId: string, attempt: number): void
  showProgress(importId: string, attempt: number, message: Extract<FromThread, { type: 'progress' }>): void
  finish(importId: string, attempt: number, outcome: Exclude<ThreadOutcome, { status: 'interrupted' | 'held' }>): Promise<void>
  /** The run waits for a person, who is asked this; ends it when it was cancelled meanwhile. */
  hold(importId: string, attempt: number, question: Question): Promise<void>
  /** The run is to go on with another attempt; `reason` tells the watchers why. Answers whether it may. */
  resume(importId: string, attempt: number, reason: 'interrupted' | 'worker_lost', message: string): Promise<boolean>
  /** The checkpoint was removed from the target. */
  forgotten(importId: string): Promise<void>
  /** Removes the checkpoint from the target when no thread is there to do it; later when the target can't be reached. Does not throw. */
  forget(importId: string): Promise<void>
  /** A stale attempt may have left a checkpoint in the target of a run that has ended meanwhile: it is removed when nobody works there. */
  leftBehind(importId: string): Promise<void>
  /** Ends a run that was asked to stop while no thread worked on it. Does nothing to any other. */
  endCancelled(importId: string): Promise<void>
}

/** A run that this process has in its hands, from before its claim to after its end. `pause` ends the wait before another attempt. */
type Hold = { worker: AttemptWorker | null; cancelled: string | null; pause: AbortController }

/** How the attempt ended for the queue: the run is over, or wants another attempt, now or after a pause. */
type After = 'over' | 'again' | Trouble

const warnEveryMs = 60_000

/** `stopMessage`: what the watchers are told when this process stops in the middle of a run. */
export type AttemptOptions = { memoryMb: number; leaseMs: number; drainMs: number; stopMessage: string }

/** Runs attempts: one policy for every engine. Knows the runs that work in this process, and can ask them to stop. */
export class AttemptRunner {
  readonly #store: AttemptStore
  readonly #leases: Leases
  readonly #live: LiveRuns
  readonly #log: Logger
  readonly #options: AttemptOptions
  readonly #held = new Map<string, Hold>()
  readonly #owner: string
  readonly #released: () => void
  readonly #runs: HeldRuns
  readonly #company = new Company()
  readonly #troubles = new TargetTroubles()
  #stopping = false
  #warnAt = 0

  constructor(parts: {
    store: AttemptStore
    runLeases: RunLeases
    leases: Leases
    live: LiveRuns
    log: Logger
    options: AttemptOptions
    owner: string
    released: () => void
  }) {
    this.#store = parts.store
    this.#leases = parts.leases
    this.#live = parts.live
    this.#log = parts.log
    this.#options = parts.options
    this.#owner = parts.owner
    this.#released = parts.released
    this.#runs = new HeldRuns({ leases: parts.runLeases, worker: parts.owner, leaseMs: parts.options.leaseMs, log: parts.log })
  }

  /** Whether this process has that run in its hands. */
  holds(importId: string): boolean {
    return this.#held.has(importId)
  }

  /** One attempt from claim to end. `again` is called when the run must have another one. */
  async run(importId: string, again: (importId: string, attempt: number) => void): Promise<Handled> {
    const hold: Hold = { worker: null, cancelled: null, pause: new AbortController() }
    this.#held.set(importId, hold)
    try {
      return await this.#runLocked(importId, hold, again)
    } finally {
      this.#held.delete(importId)
      this.#company.end(importId)
      // Asked to stop before it had a thread that could hear it.
      if (hold.cancelled !== null) await this.#store.endCancelled(importId)
    }
  }

  async #runLocked(importId: string, hold: Hold, again: (importId: string, attempt: number) => void): Promise<Handled> {
    const lock = await this.#store.lockFor(importId)
    if (lock === 'not_mine') return this.#leave(importId)
    if (!lock) return 'done'
    if (this.#stopping || !this.#company.mayBegin(importId, lock.suspect)) return 'busy'
    const lease = await this.#leases.acquire(lock.key, `${this.#owner}:${importId}`, this.#options.leaseMs)
    if (!lease) return 'busy'
    let taken = false
    try {
      const since = performance.now()
      const input = await this.#store.claim(importId, this.#owner, this.#options.leaseMs)
      taken = input === 'busy'
      if (input === 'busy') return 'busy'
      if (!input) return 'done'
      const after = await this.#attempt(input, hold, lease, since)
      if (typeof after === 'object') return await this.#pause(after, hold)
      this.#troubles.forget(importId)
      if (after === 'again') again(importId, input.attempt)
      return 'done'
    } finally {
      // Before others are woken.
      this.#company.end(importId)
      await this.#release(lease)
      // Nothing became free when the target was another's: whoever has it wakes those that wait.
      if (!taken) this.#released()
    }
  }

  /** Its target stays locked for others meanwhile. Ends early when the run is cancelled or the process stops. */
  async #pause({ pauseMs }: Trouble, { pause }: Hold): Promise<Handled> {
    await delay(pauseMs, undefined, { signal: pause.signal }).catch(() => undefined)
    return 'busy'
  }

  #leave(importId: string): 'not_mine' {
    const now = performance.now()
    if (now >= this.#warnAt) {
      this.#warnAt = now + warnEveryMs
      this.#log.warn({ importId }, 'a run is of a newer release, or of a kind unknown here; it is left to other workers')
    }
    return 'not_mine'
  }

  async #release(lease: Lease): Promise<void> {
    try {
      await lease.release()
    } catch (error) {
      this.#log.warn({ err: error }, 'a lease could not be given back; it ends by itself')
    }
  }

  /** Asks a run in this process to stop; ends its thread when it has not stopped after the drain time. False when it is not here. */
  cancel(importId: string, message: string): boolean {
    const hold = this.#held.get(importId)
    if (!hold) return false
    hold.cancelled = message
    this.#stop(hold, importId)
    return true
  }

  /** Asks every run to checkpoint and stop, because the server stops. They resume with the next attempt. */
  stopAll(): void {
    this.#stopping = true
    for (const [importId, hold] of this.#held) this.#stop(hold, importId)
  }

  /** Tells the thread, if there is one already, what the run was asked for. */
  #stop({ worker, cancelled, pause }: Hold, importId: string): void {
    if (cancelled !== null || this.#stopping) pause.abort()
    if (!worker || (cancelled === null && !this.#stopping)) return
    if (cancelled === null) worker.stop('shutting_down', this.#options.stopMessage)
    else worker.stop('cancelled', cancelled)
    if (cancelled !== null) this.#live.cancelling(importId)
    this.#killAfterDrain(worker)
  }

  #killAfterDrain(worker: AttemptWorker, done: Promise<unknown> = worker.outcome()): void {
    const timer = setTimeout(() => void worker.kill(), this.#options.drainMs)
    void done.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
  }

  async #attempt(input: AttemptInput, hold: Hold, lease: Lease, since: number): Promise<After> {
    const { importId, attempt } = input
    const log = this.#log.child({ importId, attempt })
    const worker = new AttemptWorker({ ...input, memoryMb: this.#options.memoryMb }, this.#events(input))
    hold.worker = worker
    this.#stop(hold, importId)
    this.#runs.add(importId, { attempt, since, ...this.#heard(importId, hold, worker, log) })
    const renewal = setInterval(() => void this.#renew(lease, log), this.#options.leaseMs / 3)
    log.info('attempt started')
    try {
      return await this.#conclude(input, worker, await worker.outcome())
    } catch (error) {
      // Storing failed: the database is away, or this attempt is no longer the newest.
      log.error({ err: error }, 'attempt given up')
      await worker.kill()
      return await this.#givenUp(importId, attempt, error)
    } finally {
      clearInterval(renewal)
      this.#runs.remove(importId)
      hold.worker = null
      this.#store.left(importId, attempt)
      this.#live.end(importId)
      log.info('attempt ended')
    }
  }

  /** The run may have ended all the same: by a newer attempt, or because its end was stored and the answer lost. Then nobody else removes its checkpoint. */
  async #givenUp(importId: string, attempt: number, error: unknown): Promise<After> {
    let moved = false
    try {
      if (!(error instanceof AppError && error.code === 'fenced'))
        moved = await this.#store.resume(importId, attempt, 'interrupted', 'What the run said could not be stored. It is tried again.')
    } finally {
      if (!moved) await this.#store.leftBehind(importId)
    }
    return againIf(moved)
  }

  /** What is heard of a run that works here from elsewhere: that somebody cancelled it, or that it is no longer ours. */
  #heard(importId: string, hold: Hold, worker: AttemptWorker, log: Logger): { lost(why: string): void; cancelled(): void } {
    return {
      lost: (why) => {
        log.warn({ why }, 'the run is no longer this worker’s; the attempt ends')
        worker.fence()
      },
      cancelled: () => {
        if (hold.cancelled !== null) return
        hold.cancelled = 'The run was cancelled.'
        this.#stop(hold, importId)
      },
    }
  }

  #events({ importId, attempt }: AttemptInput): ThreadEvents {
    return {
      batch: async (message) => await this.#store.keepBatch(importId, attempt, message),
      answer: async (question) => await this.#store.answer(importId, attempt, question),
      progress: (message) => {
        if (!this.#runs.maySpeak(importId)) return
        this.#live.set(importId, message.progress, message.ledger)
        this.#store.showProgress(importId, attempt, message)
      },
      fault: (stack) => this.#log.error({ importId, attempt, stack }, 'importer failed'),
      alive: () => this.#live.alive(importId),
    }
  }

  /** Stores how the attempt ended. */
  async #conclude(input: AttemptInput, worker: AttemptWorker, outcome: ThreadOutcome | Crash): Promise<After> {
    const { importId, attempt } = input
    const trouble = outcome.status === 'failed' ? this.#troubles.of(importId, outcome, attempt) : null
    if (outcome.status === 'interrupted' || trouble) {
      // Its lease is renewed while its thread lets go of the target: to undo what was not committed may take longer than a lease.
      this.#killAfterDrain(worker, worker.exited())
      await worker.end(false)
      this.#runs.remove(importId)
      const moved = await this.#store.resume(importId, attempt, 'interrupted', trouble?.message ?? this.#options.stopMessage)
      return moved && trouble ? trouble : againIf(moved)
    }
    // From here on the row alone says whose the run is: that it becomes nobody's by its end is no loss.
    this.#runs.remove(importId)
    if (outcome.status === 'held') {
      await this.#store.hold(importId, attempt, outcome.question)
      if (await worker.end(true)) await this.#store.forgotten(importId)
      return 'over'
    }
    if (outcome.status === 'crashed') return await this.#crashed(input, outcome)
    await this.#store.finish(importId, attempt, outcome)
    this.#killAfterDrain(worker, worker.exited())
    if (await worker.end(true)) await this.#store.forgotten(importId)
    else await this.#store.forget(importId)
    return 'over'
  }

  async #crashed({ importId, attempt }: AttemptInput, crash: Crash): Promise<After> {
    if (this.#stopping) return againIf(await this.#store.resume(importId, attempt, 'interrupted', this.#options.stopMessage))
    const ledger = this.#live.get(importId)?.ledger ?? { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }
    if (crash.outOfMemory) {
      const message = `The file needs more than the ${this.#options.memoryMb} MB that a run may use (setting JOB_MEMORY_MB). Nothing else was affected.`
      await this.#store.finish(importId, attempt, { status: 'failed', ledger, error: { code: 'out_of_memory', message } })
      await this.#store.forget(importId)
      return 'over'
    }
    this.#log.error({ importId, attempt, crash: crash.message }, 'worker thread lost')
    return againIf(await this.#store.resume(importId, attempt, 'worker_lost', crash.message))
  }

  /** The lock keeps others from trying in vain; that no two runs work on one target is seen to by `claim`. So losing it does not end the attempt. */
  async #renew(lease: Lease, log: Logger): Promise<void> {
    try {
      if (!(await lease.renew())) log.warn('the lock of the target was lost to another process')
    } catch (error) {
      log.warn({ err: error }, 'the lock of the target could not be renewed')
    }
  }
}

function againIf(moved: boolean): After {
  return moved ? 'again' : 'over'
}
