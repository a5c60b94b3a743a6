import type { StoredEvent } from '../../shared/protocol/views.ts'

/** Lines kept of the newest; older ones are fetched when they are looked at. */
const mostNewest = 20_000
const dropAtOnce = 2000
/** Events of one fetched page, and pages kept. */
export const olderPageSize = 500
const mostPages = 40

/** The log of one import session as far as this page holds it: the newest lines without a hole, and pages of older ones. */
export class LogBuffer {
  #first = 1
  #newest: StoredEvent[] = []
  readonly #pages = new Map<number, StoredEvent[]>()

  /** `seq` of the newest line here; lines are numbered 1 to `last`. */
  get last(): number {
    return this.#first + this.#newest.length - 1
  }

  /** `seq` of the oldest line that is kept for certain. */
  get first(): number {
    return this.#first
  }

  /** Begins after `seq`: what is older is fetched on demand. Only while it is empty. */
  startAfter(seq: number): void {
    if (this.#newest.length === 0) this.#first = seq + 1
  }

  /** Takes the next lines: contiguous with `last`. */
  push(events: readonly StoredEvent[]): void {
    for (const event of events) this.#newest.push(event)
    if (this.#newest.length <= mostNewest + dropAtOnce) return
    const dropped = this.#newest.length - mostNewest
    this.#newest.splice(0, dropped)
    this.#first += dropped
  }

  line(seq: number): StoredEvent | undefined {
    if (seq >= this.#first) return this.#newest[seq - this.#first]
    const page = pageOf(seq)
    return this.#pages.get(page)?.[seq - 1 - page * olderPageSize]
  }

  newest(): readonly StoredEvent[] {
    return this.#newest
  }

  /** `after` of the pages that must be fetched so that lines `from` to `to` are here. */
  missing(from: number, to: number): number[] {
    const afters: number[] = []
    for (let page = pageOf(from); page * olderPageSize < Math.min(to, this.#first - 1); page++) {
      if (!this.#pages.has(page)) afters.push(page * olderPageSize)
    }
    return afters
  }

  /** Takes a fetched page. The one that was fetched longest ago goes when there are too many. */
  fill(after: number, events: readonly StoredEvent[]): void {
    const page = after / olderPageSize
    this.#pages.delete(page)
    this.#pages.set(page, events.slice(0, olderPageSize))
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest)
  }
}

function pageOf(seq: number): number {
  return Math.floor((seq - 1) / olderPageSize)
}
