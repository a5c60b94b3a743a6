import { hash } from 'node:crypto'
import { AppError } from '../../../errors.ts'
import { offerId } from '../model/goods.ts'
import { RecordRefused } from '../model/problem.ts'
import { requiredId } from '../model/values.ts'
import type { CommerceRecord } from '../read/record.ts'
import { located } from '../report/rejected.ts'

/** A row of products or offers, as far as it matters whether it was brought. `product` is null for one of products. */
export type GoodsRow = { id: string; catalog: string | null; product: string | null }

/**
 * What the files of an exchange bring, whatever became of it: rejected records and those that changed nothing are seen too. Only a catalog of which every file
 * says `СодержитТолькоИзменения="false"` is full; one that does not say it may hold changes alone.
 */
export class SeenGoods {
  readonly #products = new Set<string>()
  readonly #offers = new Set<string>()
  /** Catalogs by their Ид, and packages of offers by that of their catalog: whether all that was sent of them is full. */
  readonly #catalogs = new Map<string, boolean>()
  readonly #packages = new Map<string, boolean>()

  /** Throws `record_invalid` for goods that can't be told from others: then nobody knows what was not brought. */
  see(record: CommerceRecord): void {
    const { kind, block } = record
    if (kind === 'product') {
      this.#products.add(printOf(idOf(record)))
      noteFull(this.#catalogs, block.header.get('Ид'), block.onlyChanges)
    }
    if (kind !== 'offer') return
    const id = idOf(record)
    this.#offers.add(printOf(id))
    // Who has an offer is there.
    this.#products.add(printOf(productOf(id)))
    noteFull(this.#packages, block.header.get('ИдКаталога'), block.onlyChanges)
  }

  get full(): string[] {
    return [...this.#catalogs].flatMap(([catalog, full]) => (full ? [catalog] : []))
  }

  /** Whether a row is one that a full catalog no longer has. An offer goes with its product, and when the package of its catalog was full as well. */
  lacks({ id, catalog, product }: GoodsRow): boolean {
    if (this.#catalogs.get(catalog ?? '') !== true) return false
    if (product === null) return !this.#products.has(printOf(id))
    if (this.#offers.has(printOf(id))) return false
    // A variant of 2.04 is a product of its own, under the whole Ид.
    const goes = !this.#products.has(printOf(product)) && !this.#products.has(printOf(id))
    return goes || this.#packages.get(catalog ?? '') === true
  }
}

function noteFull(blocks: Map<string, boolean>, id: string | undefined, onlyChanges: boolean | null): void {
  blocks.set(id ?? '', onlyChanges === false && blocks.get(id ?? '') !== false)
}

function idOf(record: CommerceRecord): string {
  try {
    return record.kind === 'offer' ? offerId(record.element) : requiredId(record.element)
  } catch (thrown) {
    if (!(thrown instanceof RecordRefused)) throw thrown
    throw new AppError('record_invalid', `${located(record, thrown.message)} So nobody can say what was not brought.`)
  }
}

function productOf(id: string): string {
  return id.split('#', 1)[0] ?? id
}

/** An Ид in 16 bytes, however long it is: a set of them stays small, and keeps nothing of the text it was cut from. */
function printOf(id: string): string {
  return hash('sha256', id, 'buffer').toString('latin1', 0, 16)
}
