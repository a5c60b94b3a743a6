import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { QueueEntry } from '../jobs/queue.ts'
import type { Leases } from '../locks/leases.ts'
import type { Logger } from '../logging/logger.ts'
import type { SqlAttemptStore } from './attempt-store.ts'
import type { SqlRunLeases } from './run-leases.ts'

export type ReconcilerParts = {
  database: Database
  store: SqlAttemptStore
  runLeases: SqlRunLeases
  leases: Leases
  /** This process, as it signs its leases. */
  worker: string
  /** Whether this process has that run in its hands. */
  holds: (importId: string) => boolean
  enqueue: (entries: QueueEntry[]) => Promise<void>
  log: Logger
}

const lockMs = 15_000
/** In the order of their starts, so many at a time: adding what the queue has already is cheap, but not free. */
const mostWaiting = 500

/**
 * The rows are the truth: whatever the queue or a worker forgot is found here. Resumes runs whose worker was lost, and queues those that wait. One process
 * at a time does it for all.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
  }

  /** One look at everything. Answers how many runs were put into the queue, or null when another process looks after it. */
  async pass(lostWith = 'It gave no sign of life for longer than its lease.'): Promise<number | null> {
    await this.#takeUpOwn()
    const lock = await this.#parts.leases.acquire('reconciler', this.#parts.worker, lockMs)
    if (!lock) return null
    try {
      await this.#takeUpLost(lostWith)
      return await this.#queueWaiting()
    } finally {
      await lock.release()
    }
  }

  /** Runs that the rows give to this process although it has them no more: their end could not be stored. */
  async #takeUpOwn(): Promise<void> {
    const { runLeases, worker, holds, store } = this.#parts
    for (const { id, attempt } of await runLeases.of(worker)) {
      if (!holds(id)) await store.resume(id, attempt, 'interrupted', 'What the run said could not be stored. It is tried again.')
    }
  }

  async #takeUpLost(lostWith: string): Promise<void> {
    const { runLeases, holds, store, log } = this.#parts
    for (const { id, attempt } of await runLeases.ended()) {
      if (holds(id)) continue
      log.warn({ importId: id, attempt }, 'the worker of a run was lost')
      await store.resume(id, attempt, 'worker_lost', lostWith)
    }
  }

  async #queueWaiting(): Promise<number> {
    const { database, holds, enqueue } = this.#parts
    const waiting = await database
      .em()
      .find(
        ImportSessionEntity,
        { status: { $in: ['queued', 'resuming'] }, waitingSince: { $ne: null } },
        { fields: ['id', 'attempt'], orderBy: { createdAt: 'asc' }, limit: mostWaiting, disableIdentityMap: true },
      )
    const entries = waiting.filter(({ id }) => !holds(id)).map(({ id, attempt }) => ({ importId: id, attempt }))
    if (entries.length > 0) await enqueue(entries)
    return entries.length
  }
}
