import type { DeliveriesPage, DeliveryChange, StoredEvent } from '../../shared/protocol/views.ts'
import { DeliveryBoard } from './delivery-board.ts'

export type ReadDeliveries = (after: string | undefined) => Promise<DeliveriesPage>

/**
 * Joins the snapshot of a run's deliveries and the stored events that tell their changes: no gap, and none applied twice. Events have to come in their order.
 * Those that came before a snapshot was asked for are in it; those that come while its pages are read wait for the last of them.
 */
export class DeliveryFeed {
  #board: DeliveryBoard | null = null
  /** Events that came while a snapshot is read. */
  #held: StoredEvent[] | null = null
  #stale = false

  get board(): DeliveryBoard | null {
    return this.#board
  }

  /** An event told of a delivery that the snapshot did not know: it has to be read again. */
  get stale(): boolean {
    return this.#stale
  }

  /** Answers whether the board has changed. */
  push(events: readonly StoredEvent[]): boolean {
    const changes = events.filter((event) => changeIn(event) !== null)
    if (this.#held) this.#held.push(...changes)
    else this.#apply(changes)
    return changes.length > 0 && this.#held === null
  }

  /** Reads a snapshot for a run of so many files. A second call while one is read is left to the caller to avoid. Throws what reading throws. */
  async read(files: number, readPage: ReadDeliveries): Promise<void> {
    this.#held = []
    try {
      const first = await readPage(undefined)
      const board = new DeliveryBoard(
        first.accounts.map(({ id, name, driver }) => ({ id, name, driver })),
        files,
      )
      board.take(first)
      for (let { next } = first; next !== null;) {
        const page = await readPage(next)
        board.take(page)
        next = page.next
      }
      this.#board = board
      this.#stale = false
    } finally {
      const held = this.#held
      this.#held = null
      this.#apply(held)
    }
  }

  #apply(events: readonly StoredEvent[]): void {
    if (!this.#board) return
    for (const event of events) {
      const change = changeIn(event)
      if (change && !this.#board.apply(change, event.seq)) this.#stale = true
    }
  }
}

/** The change of a delivery that an event tells, if it tells one. */
export function changeIn({ data }: StoredEvent): DeliveryChange | null {
  if (typeof data !== 'object' || data === null || !('delivery' in data)) return null
  const { delivery } = data as { delivery?: Partial<DeliveryChange> | null }
  return typeof delivery?.file === 'number' && typeof delivery.account === 'string' && typeof delivery.state === 'string'
    ? (delivery as DeliveryChange)
    : null
}
