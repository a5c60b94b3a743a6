import type { CommerceOptions } from '../../../../shared/schemas/commerce-options.ts'
import type { Cell, Target, TargetTransaction, Fence } from '../../../targets/target.ts'
import type { Question } from '../../../jobs/importer.ts'
import type { Change, ListChange } from '../model/change.ts'
import { counted } from '../model/problem.ts'
import type { CommerceTables } from '../schema/tables.ts'
import { opened, unpack } from '../spool/pack.ts'
import type { Piece } from '../spool/spool.ts'
import { movedFar } from './moved-far.ts'

/** What a run would do to what is there: products, and prices that are there and are stated again. */
type GuardFigures = { removed: number; products: number; movedFar: number; prices: number }

const batch = 1000

/**
 * Counts, while the files are read for the first time, how much a run would remove and how far it would move prices. Reads only: its transaction is
 * undone at the end. A catalog and prices that nobody imported yet have nothing to lose.
 */
export class Guard {
  readonly #parts: { target: Target; fence: Fence; tables: CommerceTables; options: CommerceOptions }
  readonly #figures: GuardFigures = { removed: 0, products: 0, movedFar: 0, prices: 0 }
  #tx: TargetTransaction | null = null
  #removed: Cell[][] = []
  #prices: { key: Cell[]; price: string }[] = []

  constructor(parts: { target: Target; fence: Fence; tables: CommerceTables; options: CommerceOptions }) {
    this.#parts = parts
  }

  async watch({ type, bytes }: Piece): Promise<void> {
    if (type !== 'catalog' && type !== 'prices') return
    for (const { change } of unpack(opened(bytes))) {
      if (type === 'catalog') this.#watchProducts(change)
      else if (change.ofOffer) this.#watchPrices(change.ofOffer)
      if (this.#removed.length >= batch) await this.#countRemoved()
      if (this.#prices.length >= batch) await this.#countMoved()
    }
  }

  /** The question to ask, or null when nothing goes beyond the limits. */
  async ask(): Promise<Question | null> {
    await this.#countRemoved()
    await this.#countMoved()
    const figures = { ...this.#figures, products: await this.#liveProducts() }
    const { removed, moved, by } = this.#parts.options.limits
    const reasons: string[] = []
    if (figures.removed * 100 > figures.products * removed)
      reasons.push(
        `${counted(figures.removed, 'product')} of ${figures.products.toLocaleString('en-US')} would be marked as deleted, more than ${removed} %.`,
      )
    if (figures.movedFar * 100 > figures.prices * moved) {
      const prices = `${counted(figures.movedFar, 'price')} of ${figures.prices.toLocaleString('en-US')}`
      reasons.push(`${prices} would move by more than ${by} %, and ${moved} % of them may.`)
    }
    return reasons.length > 0 ? { message: `${reasons.join(' ')} Is that meant? Nothing was written yet.`, figures } : null
  }

  async close(): Promise<void> {
    const open = this.#tx
    this.#tx = null
    await open?.rollback()
  }

  #watchProducts({ rows }: Change): void {
    for (const { entity, key, deleted } of rows) if (entity === 'products' && deleted === true) this.#removed.push(key)
  }

  #watchPrices({ owner, items }: ListChange): void {
    for (const { key, values } of items) if (typeof values[0] === 'string') this.#prices.push({ key: [...owner, ...key], price: values[0] })
  }

  async #countRemoved(): Promise<void> {
    const keys = this.#removed.splice(0)
    const found = await this.#find('products', ['id'], keys, ['deleted_at'])
    this.#figures.removed += found.filter((row) => row && row[0] === null).length
  }

  async #countMoved(): Promise<void> {
    const prices = this.#prices.splice(0)
    const keys = prices.map(({ key }) => key)
    const found = await this.#find('prices', ['offer_id', 'price_type_id', 'min_quantity'], keys, ['price', 'deleted_at'])
    for (const [at, row] of found.entries()) {
      const [price, deletedAt] = row ?? [null, null]
      if (price === null || price === undefined || deletedAt !== null) continue
      this.#figures.prices += 1
      if (movedFar(String(price), prices[at]?.price ?? '0', this.#parts.options.limits.by)) this.#figures.movedFar += 1
    }
  }

  async #liveProducts(): Promise<number> {
    const [row] = await this.#find('sources', [], [[]], ['products'])
    return Number(row?.[0] ?? 0)
  }

  async #find(entity: 'products' | 'prices' | 'sources', by: string[], keys: Cell[][], select: string[]): Promise<(Cell[] | null)[]> {
    const { target, fence, tables, options } = this.#parts
    if (keys.length === 0) return []
    this.#tx ??= await target.begin(fence)
    return await this.#tx.find({ table: tables[entity].table, by: ['source', ...by], keys: keys.map((key) => [options.source, ...key]), select })
  }
}
