import type { DeliveriesPage, DeliveryChange, DeliveryState, DeliveryView, SentNow } from '../../shared/protocol/views.ts'
import { DeliveryTally } from './delivery-tally.ts'

export type BoardAccount = Pick<DeliveriesPage['accounts'][number], 'id' | 'name' | 'driver'>

/**
 * The deliveries of a run as a board of accounts × files, by their places from 0. What is known of each delivery bears the `seq` up to which it is known, so
 * that an event that is in it already changes nothing, whichever came first.
 */
export class DeliveryBoard {
  readonly files: number
  readonly accounts: readonly BoardAccount[]
  readonly totals: DeliveryTally
  readonly #places: Map<string, number>
  readonly #deliveries: (DeliveryView | undefined)[] = []
  readonly #seqs: Float64Array
  readonly #byAccount: DeliveryTally[]
  readonly #byFile: DeliveryTally[]
  #sending = new Map<number, SentNow>()

  constructor(accounts: readonly BoardAccount[], files: number) {
    this.files = files
    this.accounts = accounts
    this.totals = new DeliveryTally(accounts.length * files)
    this.#places = new Map(accounts.map(({ id }, place) => [id, place]))
    this.#seqs = new Float64Array(accounts.length * files)
    this.#byAccount = accounts.map(() => new DeliveryTally(files))
    this.#byFile = Array.from({ length: files }, () => new DeliveryTally(accounts.length))
  }

  state(account: number, file: number): DeliveryState {
    return this.#deliveries[account * this.files + file]?.state ?? 'waiting'
  }

  delivery(account: number, file: number): DeliveryView | undefined {
    return this.#deliveries[account * this.files + file]
  }

  /** How far one is that is being sent now. */
  sending(account: number, file: number): SentNow | undefined {
    return this.#sending.get(account * this.files + file)
  }

  accountTally(account: number): DeliveryTally {
    return this.#byAccount[account]!
  }

  fileTally(file: number): DeliveryTally {
    return this.#byFile[file]!
  }

  placeOf(account: string): number | undefined {
    return this.#places.get(account)
  }

  /** Takes rows of a snapshot whose `lastSeq` was read before them. */
  take({ deliveries, lastSeq }: Pick<DeliveriesPage, 'deliveries' | 'lastSeq'>): void {
    for (const delivery of deliveries) this.#put(delivery, lastSeq)
  }

  /** Takes the change that an event tells. Answers false when it is of a delivery that is not on the board. */
  apply(change: DeliveryChange, seq: number): boolean {
    const at = this.#indexOf(change)
    if (at === null) return false
    if (seq <= (this.#seqs[at] ?? 0)) return true
    const { error: _error, notBefore: _notBefore, ...kept } = this.#deliveries[at] ?? { bytes: 0, size: 0 }
    this.#put({ ...kept, ...change }, seq)
    return true
  }

  /** What is being sent now, all of it: the newest word wins. */
  setSending(now: readonly SentNow[]): void {
    this.#sending = new Map(now.flatMap((sent) => (this.#indexOf(sent) === null ? [] : [[this.#indexOf(sent)!, sent] as const])))
  }

  #indexOf({ account, file }: { account: string; file: number }): number | null {
    const place = this.#places.get(account)
    return place === undefined || file < 0 || file >= this.files ? null : place * this.files + file
  }

  #put(delivery: DeliveryView, seq: number): void {
    const at = this.#indexOf(delivery)
    if (at === null) return
    const before = this.#deliveries[at]?.state ?? 'waiting'
    this.#deliveries[at] = delivery
    this.#seqs[at] = seq
    for (const tally of [this.totals, this.#byAccount[Math.floor(at / this.files)]!, this.#byFile[delivery.file]!]) tally.move(before, delivery.state)
  }
}
