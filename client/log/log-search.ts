import { changeIn } from '../bulk/delivery-feed.ts'
import type { EventPage, LogLevel, StoredEvent } from '../../shared/protocol/views.ts'

export type LogFilter = {
  levels: readonly LogLevel[]
  text: string
  /** Lines of this stream alone: of an account, for example. Empty for all. */
  stream: string
  /** Lines that tell of this file alone, by its place in the run. */
  file?: number
}

/** Reads a page of the lines after `seq` that match. */
export type ReadMatches = (filter: LogFilter, after: number) => Promise<EventPage>

/** Whether a line matches; the server judges in the same way. */
function matches({ levels, text, stream, file }: LogFilter, event: StoredEvent): boolean {
  if (stream !== '' && event.stream !== stream) return false
  if (file !== undefined && changeIn(event)?.file !== file) return false
  if (levels.length > 0 && !levels.some((level) => level === event.level)) return false
  return text === '' || (event.message ?? '').toLowerCase().includes(text.toLowerCase())
}

/** The lines of a log that match a filter: read from the server page by page as far as they are looked at, then live. */
export class LogSearch {
  readonly filter: LogFilter
  readonly lines: StoredEvent[] = []
  readonly #read: ReadMatches
  #after = 0
  #complete = false
  #reading = false

  constructor(filter: LogFilter, read: ReadMatches) {
    this.filter = filter
    this.#read = read
  }

  /** Whether all that is stored was looked through. */
  get complete(): boolean {
    return this.#complete
  }

  /** Reads the next page. Throws what reading throws; it may be called again. */
  async readMore(): Promise<void> {
    if (this.#complete || this.#reading) return
    this.#reading = true
    try {
      const page = await this.#read(this.filter, this.#after)
      this.lines.push(...page.events)
      this.#after = page.more ? (page.events.at(-1)?.seq ?? page.lastSeq) : page.lastSeq
      this.#complete = !page.more
    } finally {
      this.#reading = false
    }
  }

  /** Takes live lines. Before the search has come to the end they are left to it: it will find them stored. */
  push(events: readonly StoredEvent[]): void {
    if (!this.#complete) return
    this.lines.push(...events.filter((event) => event.seq > this.#after && matches(this.filter, event)))
    this.#after = Math.max(this.#after, events.at(-1)?.seq ?? 0)
  }
}
