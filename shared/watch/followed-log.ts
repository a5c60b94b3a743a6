import type { EventPage, ImportView, StoredEvent } from '../protocol/views.ts'
import { isFinal } from '../session-status.ts'
import type { EventSequence } from './event-sequence.ts'

/** What a follower of a run brings along: whom it tells, and how it asks. */
export type FollowedLogParts = {
  sequence: EventSequence
  /** Each event once, in order, without a hole. */
  onEvents(events: StoredEvent[]): void
  onImport?(view: ImportView): void
  /** Whether asking makes sense now. */
  canAsk(): boolean
  /** Asking begins; it goes on until nothing is missing. */
  onAsking?(): void
  /** One page of what is stored after `after`; null when there is nobody to ask any more. A throw ends the asking. */
  ask(after: number): Promise<({ import: ImportView } & EventPage) | null>
  /** Something is missing, and a page brought none of it. */
  onNothingNew?(): void
  onFailure(thrown: unknown): void
  /** Everything stored is here. */
  onCaughtUp(): void
  /** The run has ended as `view` says, and all of its events were given out. It may be said again. */
  onEnd(view: ImportView): void
}

/** A change of state is told as an event and then as the import session. Whoever tells both may end in between. */
const viewWithinMs = 2_000

/**
 * The rules by which whoever follows a run puts together what it asked for and what came live: nothing is given out before its turn, what is missing is asked
 * for, and the end is the end only when every event before it is here.
 */
export class FollowedLog {
  readonly #parts: FollowedLogParts
  #view: ImportView | undefined
  #asking = false
  /** Whether what is being asked for is to be asked for once more. */
  #again = false
  #viewDue: ReturnType<typeof setTimeout> | undefined

  constructor(parts: FollowedLogParts) {
    this.#parts = parts
  }

  /** Events that came live. */
  accept(events: StoredEvent[]): void {
    this.#hand(this.#parts.sequence.accept(events))
    this.#closeOrEnd()
  }

  /** The import session as it was told. */
  note(view: ImportView): void {
    this.#keep(view)
    if (!isFinal(view.status)) return
    this.#parts.sequence.expect(view.lastSeq)
    this.#closeOrEnd()
  }

  /** The server took us out of the room: asking puts us back, and comes first, whether or not something is missing. */
  lag(lastSeq: number): void {
    this.#parts.sequence.expect(lastSeq)
    this.ask()
  }

  /** Asks for what is stored, also when nothing is known to be missing; once more when it is being asked for already. */
  ask(): void {
    this.#again = true
    void this.#catchUp()
  }

  /** Asks for nothing any more by itself. */
  stop(): void {
    clearTimeout(this.#viewDue)
  }

  #hand(fresh: StoredEvent[]): void {
    if (fresh.length > 0) this.#parts.onEvents(fresh)
    const changed = fresh.findLast(({ status }) => status !== undefined)
    if (changed) this.#awaitView(changed.seq)
  }

  /** Asks for the import session when it is not told soon as that event has left it: after the last of a run nothing else would. */
  #awaitView(seq: number): void {
    clearTimeout(this.#viewDue)
    this.#viewDue = setTimeout(() => {
      if ((this.#view?.lastSeq ?? 0) < seq) this.ask()
    }, viewWithinMs)
  }

  /** What was told meanwhile may be newer than the answer to a question. */
  #keep(view: ImportView): void {
    if (view.lastSeq < (this.#view?.lastSeq ?? 0)) return
    this.#view = view
    this.#parts.onImport?.(view)
  }

  #closeOrEnd(): void {
    if (this.#parts.sequence.hole) void this.#catchUp()
    else this.#endIfComplete()
  }

  #endIfComplete(): void {
    const { sequence } = this.#parts
    if (this.#asking || !this.#view || !isFinal(this.#view.status)) return
    if (!sequence.hole && sequence.last >= this.#view.lastSeq) this.#parts.onEnd(this.#view)
  }

  /** Asks for pages until nothing is missing. Live events that come meanwhile take their place by `seq`. */
  async #catchUp(): Promise<void> {
    if (this.#asking || !this.#parts.canAsk()) return
    this.#asking = true
    this.#parts.onAsking?.()
    try {
      let more = true
      while (more) more = await this.#askPage()
      if (this.#parts.canAsk()) this.#parts.onCaughtUp()
    } catch (thrown) {
      this.#parts.onFailure(thrown)
    } finally {
      this.#asking = false
    }
    this.#endIfComplete()
  }

  /** One page. Answers whether there is more to ask for. */
  async #askPage(): Promise<boolean> {
    const { sequence } = this.#parts
    const before = sequence.last
    this.#again = false
    const page = await this.#parts.ask(before)
    if (!page) return false
    const fresh = sequence.accept(page.events)
    sequence.expect(page.lastSeq)
    this.#keep(page.import)
    this.#hand(fresh)
    const missing = sequence.hole || page.more
    if (missing && sequence.last === before) this.#parts.onNothingNew?.()
    return missing || this.#again
  }
}
