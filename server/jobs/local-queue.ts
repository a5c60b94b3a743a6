import type { Logger } from '../logging/logger.ts'
import type { Queue, QueueEntry, QueueHandler } from './queue.ts'

/** The queue of the embedded engine: in this process, first come first served, some at a time. What it holds is put back at boot from the database. */
export class LocalQueue implements Queue {
  readonly #concurrency: number
  readonly #log: Logger
  readonly #waiting = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #running = new Map<string, Promise<void>>()
  #handler: QueueHandler | undefined
  #wakes = 0
  #closed = false

  constructor(concurrency: number, log: Logger) {
    this.#concurrency = concurrency
    this.#log = log
  }

  start(handler: QueueHandler): void {
    this.#handler = handler
    this.#pump()
  }

  /** The attempt is of no use here: an id waits once, and what comes while it is handled waits again. */
  async add(entries: QueueEntry[]): Promise<void> {
    for (const { importId } of entries) this.#waiting.add(importId)
    this.#pump()
  }

  wake(): void {
    this.#wakes += 1
    for (const importId of this.#busy) this.#waiting.add(importId)
    this.#busy.clear()
    this.#pump()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#running.values())
  }

  #pump(): void {
    if (!this.#handler || this.#closed) return
    for (const importId of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return
      if (this.#running.has(importId)) continue
      this.#waiting.delete(importId)
      this.#running.set(importId, this.#handle(importId, this.#handler))
    }
  }

  async #handle(importId: string, handler: QueueHandler): Promise<void> {
    const wakes = this.#wakes
    try {
      const handled = await handler(importId)
      // A target that became free while the handler was finding it taken is not announced again.
      if (handled !== 'done') (wakes === this.#wakes ? this.#busy : this.#waiting).add(importId)
    } catch (error) {
      this.#log.error({ err: error, importId }, 'an attempt could not be run')
    } finally {
      this.#running.delete(importId)
      this.#pump()
    }
  }
}
