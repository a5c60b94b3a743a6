/**
 * What became of an id that a worker took. `busy`: its target is taken; it is tried again when that may be free. `not_mine`: this process is too old
 * for it; it is left to others.
 */
export type Handled = 'done' | 'busy' | 'not_mine'

/** `attempt`: the number of attempts that were made so far, so that the next attempt is another entry than the last. */
export type QueueEntry = { importId: string; attempt: number }

export type QueueHandler = (importId: string) => Promise<Handled>

/**
 * Carries ids of import sessions to whoever works on them. The payload is the id; the row is the truth. At least once: the handler looks at the row and
 * leaves when there is nothing to do. Nothing is kept for good: what a store that was wiped forgot is put back by who looks at the rows.
 *
 * - First come, first served, as long as nothing is `busy` or lost.
 * - The same `(importId, attempt)` twice is one entry as long as it waits. While it is being handled it may be one, or come once more afterwards.
 * - An id is never handled twice at the same time by one process. One that is added with a higher attempt while it is being handled is handled again
 *   afterwards. Between processes it may overlap, for instance after one was thought dead: leases and fences are for that.
 * - A handler that throws is logged, and its entry is dropped.
 */
export type Queue = {
  /** Begins to hand out. A process that only serves never calls it. */
  start(handler: QueueHandler): void
  /** Throws AppError `unavailable`, soon, when the queue can't be reached. */
  add(entries: QueueEntry[]): Promise<void>
  /** A target may have become free: entries that were `busy` are tried again soon, in every process. */
  wake(): void
  /** Takes nothing new and waits for what is being handled. Ends also when the queue can't be reached. */
  close(): Promise<void>
}
