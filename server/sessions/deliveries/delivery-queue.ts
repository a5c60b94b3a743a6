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
  /** The last try to take a place was refused: others have them. */
  refused: boolean
  later: { delivery: OpenDelivery; at: number }[]
}

/** Which delivery comes next, over the accounts of one attempt: in turns, each account's by the order of files, those that wait for a moment when it has come. */
export class DeliveryQueue {
  readonly #read: ReadPage
  readonly #lines: Map<string, Line>
  #turn = 0

  constructor(accounts: string[], read: ReadPage) {
    this.#read = read
    this.#lines = new Map(
      accounts.map((account) => [account, { account, ahead: [], readTo: -1, whole: false, inHand: 0, refused: false, later: [] }]),
    )
  }

  /** Up to `most` deliveries of accounts that have a place: `limitOf` says how many each has, `take` asks for one of them, which others may have. */
  async next(most: number, places: { limitOf(account: string): number; take(account: string): Promise<boolean> }): Promise<OpenDelivery[]> {
    const given: OpenDelivery[] = []
    const lines = [...this.#lines.values()]
    for (const line of lines) line.refused = false
    for (let passed = 0; given.length < most && passed < lines.length;) {
      const line = lines[this.#turn++ % lines.length]!
      const full = line.refused || line.inHand >= places.limitOf(line.account)
      const delivery = full ? undefined : await this.#of(line)
      line.refused ||= delivery !== undefined && !(await places.take(line.account))
      passed = delivery && !line.refused ? 0 : passed + 1
      if (!delivery) continue
      if (line.refused) line.ahead.unshift(delivery)
      else {
        line.inHand += 1
        given.push(delivery)
      }
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

  /** In how many ms there may be more; null when nothing waits here. `refusedMs`: when to look again at accounts whose places others have. */
  moreInMs(refusedMs: number): number | null {
    let soonest: number | null = null
    for (const line of this.#lines.values()) {
      if (line.refused && line.ahead.length > 0) soonest = Math.min(soonest ?? Infinity, refusedMs)
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
