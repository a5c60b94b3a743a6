import type { OpenDelivery } from '../../jobs/delivery-book.ts'

/** Rows of an account that are read at a time. */
export const pageOfAccount = 50

export type ReadPage = (account: string, afterFile: number) => Promise<{ delivery: OpenDelivery; notBefore: number | null }[]>

type Line = {
  account: string
  ahead: OpenDelivery[]
  readTo: number
  whole: boolean
  inHand: number
  later: { delivery: OpenDelivery; at: number }[]
}

/** Which delivery comes next, over the accounts of one attempt: in turns, each account's by the order of files, those that wait for a moment when it has come. */
export class DeliveryQueue {
  readonly #read: ReadPage
  readonly #lines: Map<string, Line>
  #turn = 0

  constructor(accounts: string[], read: ReadPage) {
    this.#read = read
    this.#lines = new Map(accounts.map((account) => [account, { account, ahead: [], readTo: -1, whole: false, inHand: 0, later: [] }]))
  }

  /** Up to `most` deliveries of accounts that have a place by `free`, which is told of each. */
  async next(most: number, places: { isFree(account: string): boolean; take(account: string): void }): Promise<OpenDelivery[]> {
    const given: OpenDelivery[] = []
    const lines = [...this.#lines.values()]
    for (let passed = 0; given.length < most && passed < lines.length;) {
      const line = lines[this.#turn++ % lines.length]!
      const delivery = places.isFree(line.account) ? await this.#of(line) : undefined
      passed = delivery ? 0 : passed + 1
      if (!delivery) continue
      line.inHand += 1
      places.take(line.account)
      given.push(delivery)
    }
    return given
  }

  /** What is given out of an account comes back: done, or to be given again at that moment. */
  back(account: string, again: { delivery: OpenDelivery; at: number } | null): void {
    const line = this.#lines.get(account)
    if (!line) return
    line.inHand -= 1
    if (again) line.later.push(again)
  }

  /** Nothing more is given of this account. */
  drop(account: string): void {
    const line = this.#lines.get(account)
    if (line) Object.assign(line, { ahead: [], later: [], whole: true })
  }

  inHandOf(account: string): number {
    return this.#lines.get(account)?.inHand ?? 0
  }

  /** In how many ms there may be more; null when nothing waits here. `blockedMs`: when to look again at accounts that have no place because of other runs. */
  moreInMs(isFree: (account: string) => boolean, blockedMs: number): number | null {
    let soonest: number | null = null
    for (const line of this.#lines.values()) {
      const waits = line.ahead.length > 0 || !line.whole
      // Without a place because of its own deliveries: their end is heard of.
      if (waits && !isFree(line.account) && line.inHand === 0) soonest = Math.min(soonest ?? Infinity, blockedMs)
      for (const { at } of line.later) soonest = Math.min(soonest ?? Infinity, Math.max(0, at - Date.now()))
    }
    return soonest
  }

  async #of(line: Line): Promise<OpenDelivery | undefined> {
    const now = Date.now()
    const due = line.later.findIndex(({ at }) => at <= now)
    if (due >= 0) return line.later.splice(due, 1)[0]?.delivery
    while (line.ahead.length === 0 && !line.whole) {
      const page = await this.#read(line.account, line.readTo)
      for (const { delivery, notBefore } of page) {
        line.readTo = delivery.file
        if (notBefore !== null && notBefore > now) line.later.push({ delivery, at: notBefore })
        else line.ahead.push(delivery)
      }
      line.whole ||= page.length < pageOfAccount
    }
    return line.ahead.shift()
  }
}
