import type { StoredEvent } from '../protocol/views.ts'

/** Events that may wait for a missing one; above it they are fetched again with it. */
const mostWaiting = 2000

/**
 * Joins pages and live events of one import session by `seq`: what comes out is contiguous, in order, each event once, however it came in. A number that
 * is missing makes a `hole`, which the caller closes by asking for what follows `last`; nothing is ever skipped.
 */
export class EventSequence {
  #last: number
  #known: number
  readonly #waiting = new Map<number, StoredEvent>()

  /** `after` is the `seq` of the last event that needs no delivery. */
  constructor(after = 0) {
    this.#last = after
    this.#known = after
  }

  /** `seq` of the last event that came out. */
  get last(): number {
    return this.#last
  }

  /** Whether an event is known to exist that has not come out. */
  get hole(): boolean {
    return this.#known > this.#last
  }

  /** Notes that the stored log goes on to `seq` at least. */
  expect(seq: number): void {
    this.#known = Math.max(this.#known, seq)
  }

  /** Takes events in, in any order and as often as they come, and answers those whose turn it is. */
  accept(events: readonly StoredEvent[]): StoredEvent[] {
    const ready: StoredEvent[] = []
    for (const event of events) {
      this.expect(event.seq)
      if (event.seq === this.#last + 1) this.#take(event, ready)
      else if (event.seq > this.#last && this.#waiting.size < mostWaiting) this.#waiting.set(event.seq, event)
    }
    return ready
  }

  #take(event: StoredEvent, ready: StoredEvent[]): void {
    ready.push(event)
    this.#last = event.seq
    this.#waiting.delete(event.seq)
    for (let next = this.#waiting.get(this.#last + 1); next; next = this.#waiting.get(this.#last + 1)) {
      this.#waiting.delete(next.seq)
      this.#last = next.seq
      ready.push(next)
    }
  }
}
