import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { Cell, WriteBatch } from '../../../targets/target.ts'
import type { Said } from '../model/change.ts'
import type { RecordKind } from '../read/record.ts'
import { tableShapes } from '../schema/tables.ts'
import type { Entity } from '../schema/tables.ts'
import { tell } from '../spool/pack.ts'
import type { Packed, PackedListener } from '../spool/pack.ts'
import type { Applied } from './apply-batch.ts'
import { insertOf, nothingWritten } from './row-writer.ts'
import type { Writing } from './row-writer.ts'

/** Rows to be inserted, and what they come to. */
export type NewRows = { batches: WriteBatch[]; applied: Applied }

/**
 * What packed pieces say to a step, where all of it is certainly new to the target: most of what a first import brings. It is what `applyBatch` would make of their
 * items, without the items. Null where the target has to be asked for anything; keys that were noted by then are asked for afterwards, too.
 */
export function newRowsOf(pieces: Packed[], type: CommerceType, writing: Writing): NewRows | null {
  const rows = new Gathered(type, writing)
  for (const packed of pieces) {
    if (packed.rare.length > 0) return null
    rows.cells = packed.cells
    if (!tell(packed, rows)) return null
  }
  return { batches: rows.batches(), applied: rows.applied }
}

class Gathered implements PackedListener {
  readonly #type: CommerceType
  readonly #writing: Writing
  readonly #rows = new Map<Entity, Cell[][]>()
  readonly #deletedRows = new Map<Entity, Cell[][]>()
  readonly #mentioned = new Set<Said>()
  readonly applied: Applied = { written: nothingWritten(), pending: 0, orphans: 0 }
  /** Those of the piece that is told. */
  cells: Said[] = []
  #kind: RecordKind = 'product'

  constructor(type: CommerceType, writing: Writing) {
    this.#type = type
    this.#writing = writing
  }

  item(kind: RecordKind): boolean {
    this.#kind = kind
    return true
  }

  row(entity: Entity, from: number, { deleted, ifMissing }: { deleted: boolean; ifMissing: boolean }): boolean {
    const { owner, item, data } = tableShapes[entity]
    const { known } = this.#writing
    const { written } = this.applied
    const to = from + owner + item
    if (ifMissing && (this.#mentioned.has(this.cells[from]) || known.isThere(entity, this.cells, from, to))) return true
    if (!known.isNewNow(entity, this.cells, from, to)) return false
    if (entity === 'offers' && !this.#takesOffer(from, deleted)) return false
    if (ifMissing) {
      this.#mentioned.add(this.cells[from])
      written.mentioned += 1
    }
    written.counts.count(entity, deleted ? 'deleted' : 'created')
    if (!deleted) written.live.set(entity, (written.live.get(entity) ?? 0) + 1)
    if (entity === 'products' || entity === 'offers' || entity === 'units') written.there.push({ entity, key: this.#part([], from, to) })
    this.#add(deleted ? this.#deletedRows : this.#rows, entity, this.#part([], from, to + data))
    return true
  }

  list(entity: Entity, from: number, count: number, ofOffer: boolean): boolean {
    const { owner, item, data } = tableShapes[entity]
    const { known } = this.#writing
    let at = from + owner
    if (ofOffer && !known.isThere('offers', this.cells, from, at)) return false
    if (!known.isNewNow(entity, this.cells, from, at)) return false
    if (count > 0) this.applied.written.counts.count(entity, 'created', count)
    for (let number = 0; number < count; number += 1, at += item + data) {
      this.#add(this.#rows, entity, this.#part(this.#part([], from, from + owner), at, at + item + data))
    }
    return true
  }

  batches(): WriteBatch[] {
    const insert =
      (deletedAt: Cell) =>
      ([entity, rows]: [Entity, Cell[][]]) =>
        insertOf(this.#writing, this.#writing.tables[entity], rows, deletedAt)
    return [...[...this.#rows].map(insert(null)), ...[...this.#deletedRows].map(insert(this.#writing.now))]
  }

  /** An offer for which nothing waits, and of which it is known whether it is of a product that is there. */
  #takesOffer(from: number, deleted: boolean): boolean {
    const { known } = this.#writing
    const [offer, product] = [this.cells[from], this.cells[from + 1]]
    if (!deleted && !(known.isNew('pending', ['prices', offer]) && known.isNew('pending', ['stocks', offer]))) return false
    if (this.#type !== 'catalog' || this.#kind !== 'offer' || known.isThere('products', [product]) || known.isThere('products', [offer])) return true
    if (!known.isNew('products', [product]) || !known.isNew('products', [offer])) return false
    this.applied.orphans += 1
    return true
  }

  #part(cells: Cell[], from: number, to: number): Cell[] {
    for (let at = from; at < to; at += 1) cells.push(this.cells[at] ?? null)
    return cells
  }

  #add(to: Map<Entity, Cell[][]>, entity: Entity, row: Cell[]): void {
    const rows = to.get(entity)
    if (rows) rows.push(row)
    else to.set(entity, [row])
  }
}
