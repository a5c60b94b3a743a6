const messages = 200
const windowMs = 10_000

/** How much one socket may send: 200 messages in ten seconds, those not counted by which it goes on reading what was stored, page after page. */
export class MessageBudget {
  readonly #next = new Map<string, number>()
  #left = messages
  #since = performance.now()

  /** Takes one message. False when there have been too many. */
  take(): boolean {
    if (performance.now() - this.#since > windowMs) {
      this.#left = messages
      this.#since = performance.now()
    }
    this.#left -= 1
    return this.#left >= 0
  }

  /** A page was answered, to who has everything up to `after`. `last`: the end of the page, null when there is no other one. */
  page(importId: string, after: number, last: number | null): void {
    if (this.#next.get(importId) === after) this.#left += 1
    if (last === null) this.#next.delete(importId)
    else this.#next.set(importId, last)
  }
}
