/** What became of an id that a worker took: `busy` puts it back until its target is free. */
export type Handled = 'done' | 'busy'

export type QueueHandler = (importId: string) => Promise<Handled>

/**
 * Carries ids of import sessions to whoever works on them. The payload is the id; the row is the truth. At least once: the handler looks at the row and
 * leaves when there is nothing to do. The same id twice is one entry as long as it waits.
 */
export type Queue = {
  start(handler: QueueHandler): void
  add(importId: string): Promise<void>
  /** A target may have become free: entries that were `busy` are tried again. */
  wake(): void
  /** Takes nothing new and waits for what is being handled. */
  close(): Promise<void>
}
