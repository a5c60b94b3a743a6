import type { Draft } from '../plan/draft.ts'
import { rowText } from './fill-waits.ts'

/** Beyond this the order of records that mean one row is not kept over chunks. */
const most = 200_000

/** Rows that records set aside will write: a later record of the same row has to wait with them, else the earlier one had the last word. */
export class HeldRows {
  readonly #rows = new Set<string>()

  hold(draft: Draft): void {
    const row = this.#rows.size < most ? rowText(draft) : null
    if (row !== null) this.#rows.add(row)
  }

  holds(draft: Draft): boolean {
    if (this.#rows.size === 0) return false
    const row = rowText(draft)
    return row !== null && this.#rows.has(row)
  }
}

/** The drafts that stay. Those that go, and those that mean the same row as one that went before them, are held and put into `aside`. */
export function keepOrder(drafts: Draft[], held: HeldRows, aside: Draft[], goes: (draft: Draft) => boolean = () => false): Draft[] {
  return drafts.filter((draft) => {
    if (!goes(draft) && !held.holds(draft)) return true
    held.hold(draft)
    aside.push(draft)
    return false
  })
}
