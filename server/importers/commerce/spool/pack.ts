import { deserialize, serialize } from 'node:v8'
import type { Cell } from '../../../targets/target.ts'
import type { Change, ListChange, RowChange, Said } from '../model/change.ts'
import { recordKinds } from '../read/record.ts'
import type { RecordKind } from '../read/record.ts'
import { entities, tableShapes } from '../schema/tables.ts'
import type { Entity } from '../schema/tables.ts'
import type { Item } from './item.ts'

/** What few items have, by their place among the items. */
type Rare = { at: number; notes: string[]; before: string[]; refusal: Item['refusal'] }

/** One flat list of values for all items: what is nested takes several times as long to write and to read. */
export type Packed = { file: string; cells: Said[]; rare: Rare[] }

const entityNumbers = Object.fromEntries(entities.map((entity, at) => [entity, at])) as Record<Entity, number>
const deletedNumbers = [undefined, false, true]
/** How many values stand before what is said: of an item, of a row, and of a list. */
const itemHead = 8
const rowHead = 3
const listHead = 3

/** Packs what records of one file say to one step, item by item. */
export class Packer {
  readonly #packed: Packed
  #items = 0

  constructor(file: string) {
    this.#packed = { file, cells: [], rare: [] }
  }

  get items(): number {
    return this.#items
  }

  /** How many values there are: what it takes in memory. */
  get cells(): number {
    return this.#packed.cells.length
  }

  add({ record, line, byte, kind, key, change, refusal, before }: Item): void {
    const { cells, rare } = this.#packed
    const { rows, lists, ofOffer, notes } = change
    if (notes.length > 0 || before.length > 0 || refusal) rare.push({ at: this.#items, notes, before, refusal })
    this.#items += 1
    cells.push(record, line, byte, recordKinds.indexOf(kind), key, rows.length, lists.length, ofOffer !== null)
    for (const row of rows) packRow(cells, row)
    for (const list of lists) packList(cells, list)
    if (ofOffer) packList(cells, ofOffer)
  }

  take(): Uint8Array {
    const bytes = serialize(this.#packed)
    // A list that has grown old would keep what it held alive until the next large collection, piece after piece.
    this.#packed.cells.length = 0
    return bytes
  }
}

function packRow(cells: Said[], { entity, key, values, deleted, ifMissing }: RowChange): void {
  cells.push(entityNumbers[entity], deletedNumbers.indexOf(deleted), ifMissing === true)
  for (const cell of key) cells.push(cell)
  for (const value of values) cells.push(value)
}

function packList(cells: Said[], { entity, owner, mode, items }: ListChange): void {
  cells.push(entityNumbers[entity], mode === 'whole', items.length)
  for (const cell of owner) cells.push(cell)
  for (const { key, values } of items) {
    for (const cell of key) cells.push(cell)
    for (const value of values) cells.push(value)
  }
}

export function opened(bytes: Uint8Array): Packed {
  return deserialize(bytes) as Packed
}

/** The items that were packed. */
export function unpack({ file, cells, rare }: Packed): Item[] {
  const reader = new CellReader(cells)
  const items: Item[] = []
  while (!reader.ended) items.push(reader.item(file))
  for (const { at, notes, before, refusal } of rare) {
    const item = items[at]
    if (item) Object.assign(item, { before, refusal, change: { ...item.change, notes } })
  }
  return items
}

/** Hears what is packed, without items being made of it: `from` is where in the cells a key begins. Each answers whether it wants to hear on. */
export type PackedListener = {
  item(kind: RecordKind): boolean
  row(entity: Entity, from: number, said: { deleted: boolean; ifMissing: boolean }): boolean
  /** The owner's key at `from`, then the key and the data of each of `count` items. */
  list(entity: Entity, from: number, count: number, ofOffer: boolean): boolean
}

const plainRow = { deleted: false, ifMissing: false }

/** Tells all of it. Answers false as soon as the listener does not want to hear on. */
export function tell({ cells }: Packed, listener: PackedListener): boolean {
  let at = 0
  const list = (ofOffer: boolean): boolean => {
    const entity = entities[Number(cells[at])] as Entity
    const { owner, item, data } = tableShapes[entity]
    const [from, count] = [at + listHead, Number(cells[at + 2])]
    at = from + owner + count * (item + data)
    return listener.list(entity, from, count, ofOffer)
  }
  while (at < cells.length) {
    const [kind, rows, lists, hasOffer] = [cells[at + 3], Number(cells[at + 5]), Number(cells[at + 6]), cells[at + 7] === true]
    at += itemHead
    if (!listener.item(recordKinds[Number(kind)] ?? 'product')) return false
    for (let row = 0; row < rows; row += 1) {
      const entity = entities[Number(cells[at])] as Entity
      const { owner, item, data } = tableShapes[entity]
      const [deleted, ifMissing] = [deletedNumbers[Number(cells[at + 1])] === true, cells[at + 2] === true]
      if (!listener.row(entity, at + rowHead, deleted || ifMissing ? { deleted, ifMissing } : plainRow)) return false
      at += rowHead + owner + item + data
    }
    for (let number = 0; number < lists; number += 1) if (!list(false)) return false
    if (hasOffer && !list(true)) return false
  }
  return true
}

class CellReader {
  readonly #cells: Said[]
  #at = 0

  constructor(cells: Said[]) {
    this.#cells = cells
  }

  get ended(): boolean {
    return this.#at >= this.#cells.length
  }

  item(file: string): Item {
    const [record, line, byte, kind, key, rowCount, listCount, hasOffer] = this.#take(itemHead)
    const change: Change = { rows: [], lists: [] }
    for (let row = 0; row < Number(rowCount); row += 1) change.rows.push(this.#row())
    for (let list = 0; list < Number(listCount); list += 1) change.lists.push(this.#list())
    return {
      file,
      record: Number(record),
      line: Number(line),
      byte: Number(byte),
      kind: recordKinds[Number(kind)] ?? 'product',
      key: key as string | null,
      change: { ...change, ofOffer: hasOffer === true ? this.#list() : null, notes: [] },
      refusal: null,
      before: [],
    }
  }

  #row(): RowChange {
    const [number, deleted, ifMissing] = this.#take(rowHead)
    const entity = entities[Number(number)] as Entity
    const { owner, item, data } = tableShapes[entity]
    const row: RowChange = { entity, key: this.#take(owner + item) as Cell[], values: this.#take(data) }
    if (deleted !== 0) row.deleted = deletedNumbers[Number(deleted)] === true
    if (ifMissing === true) row.ifMissing = true
    return row
  }

  #list(): ListChange {
    const [number, whole, count] = this.#take(listHead)
    const entity = entities[Number(number)] as Entity
    const { owner, item, data } = tableShapes[entity]
    const list: ListChange = { entity, owner: this.#take(owner) as Cell[], mode: whole === true ? 'whole' : 'stated', items: [] }
    for (let at = 0; at < Number(count); at += 1) list.items.push({ key: this.#take(item) as Cell[], values: this.#take(data) as Cell[] })
    return list
  }

  #take(count: number): Said[] {
    const from = this.#at
    this.#at += count
    return this.#cells.slice(from, this.#at)
  }
}
