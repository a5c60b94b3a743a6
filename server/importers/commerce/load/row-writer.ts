import type { Cell, WriteBatch } from '../../../targets/target.ts'
import type { ListChange, RowChange, Said } from '../model/change.ts'
import type { CommerceTable, CommerceTables, Entity } from '../schema/tables.ts'
import { EntityCounts } from './entity-counts.ts'
import type { KnownKeys } from './known-keys.ts'
import { keyText, liveDelta, outcomeOf } from './states.ts'
import type { FoundRow, RowState } from './states.ts'
import type { RowTarget } from './write-behind.ts'

/** Whose rows are written, by which run, and when. */
export type Writing = { tables: CommerceTables; source: string; importId: string; now: string; known: KnownKeys }

/** What was written for some records. */
export type Written = {
  counts: EntityCounts
  /** By how many the live rows of an entity became more. */
  live: Map<Entity, number>
  /** Keys of offers that were not there before. */
  newOffers: Cell[][]
  /** Rows that were made of a mere mention. */
  mentioned: number
  /** Keys of products, offers and units that are there now. */
  there: { entity: Entity; key: Cell[] }[]
  /** Rows that were not there before, as `entity key`: they have no lists yet that would have to be looked up. */
  made: Set<string>
}

export function nothingWritten(): Written {
  return { counts: new EntityCounts(), live: new Map(), newOffers: [], mentioned: 0, there: [], made: new Set() }
}

/**
 * Compares what records say with the rows that are there, and writes the rows that differ. Keys, batches and lists are of one source: rows of another
 * are never seen.
 */
export class RowWriter {
  readonly #writing: Writing

  constructor(writing: Writing) {
    this.#writing = writing
  }

  /** Later changes build on earlier ones: the same row may be spoken of several times. */
  async rows(tx: RowTarget, changes: RowChange[], written: Written): Promise<void> {
    for (const [entity, own] of Map.groupBy(changes, (change) => change.entity)) {
      const table = this.#writing.tables[entity]
      if (entity === 'products' || entity === 'offers' || entity === 'units') for (const { key } of own) written.there.push({ entity, key })
      const known = await this.#makeRows(tx, table, own, written)
      if (known.length === 0) continue
      const states = await this.#foundRows(tx, table, known)
      for (const change of known) this.#apply(states, change)
      await this.#write(tx, table, [...states.values()], written)
    }
  }

  async lists(tx: RowTarget, changes: ListChange[], written: Written): Promise<void> {
    for (const [entity, own] of Map.groupBy(changes, (change) => change.entity)) {
      const table = this.#writing.tables[entity]
      const known = await this.#makeLists(tx, table, own, written)
      if (known.length === 0) continue
      const owners = await this.#foundLists(tx, table, known, written.made)
      for (const change of known) this.#applyList(table, owners.get(keyText(change.owner)) ?? new Map<string, RowState>(), change)
      await this.#write(
        tx,
        table,
        [...owners.values()].flatMap((states) => [...states.values()]),
        written,
      )
    }
  }

  /** Writes what is certainly not there yet, without asking; answers what has to be asked for, or is spoken of again. */
  async #makeRows(tx: RowTarget, table: CommerceTable, changes: RowChange[], written: Written): Promise<RowChange[]> {
    const { known, now } = this.#writing
    const rest: RowChange[] = []
    const rows: Cell[][] = []
    const deletedRows: Cell[][] = []
    const mentioned = new Set<string>()
    for (const change of changes) {
      const { entity, key, values, deleted = false, ifMissing = false } = change
      // Goods have the same few units.
      if (ifMissing && (mentioned.has(keyText(key)) || known.isThere(entity, key))) continue
      if (ifMissing) mentioned.add(keyText(key))
      if (!known.isNewNow(entity, key)) {
        rest.push(change)
        continue
      }
      written.counts.count(entity, deleted ? 'deleted' : 'created')
      if (ifMissing) written.mentioned += 1
      if (!deleted) written.live.set(entity, (written.live.get(entity) ?? 0) + 1)
      if (!deleted && entity === 'offers') written.newOffers.push(key)
      if (!known.isFirst) written.made.add(madeKey(entity, key))
      ;(deleted ? deletedRows : rows).push(ownCells(key, values))
    }
    await this.#insertNew(tx, table, rows, null)
    await this.#insertNew(tx, table, deletedRows, now)
    return rest
  }

  async #makeLists(tx: RowTarget, table: CommerceTable, changes: ListChange[], written: Written): Promise<ListChange[]> {
    const rest: ListChange[] = []
    const rows: Cell[][] = []
    for (const change of changes) {
      const { entity, owner, items } = change
      if (!this.#writing.known.isNewNow(entity, owner)) {
        rest.push(change)
        continue
      }
      if (items.length > 0) written.counts.count(entity, 'created', items.length)
      for (const { key, values } of items) rows.push(ownCells(owner, key, values))
    }
    await this.#insertNew(tx, table, rows, null)
    return rest
  }

  async #insertNew(tx: RowTarget, table: CommerceTable, rows: Cell[][], deletedAt: Cell): Promise<void> {
    if (rows.length > 0) await tx.write(insertOf(this.#writing, table, rows, deletedAt))
  }

  /** Rows by key, data, when they were made, and when they were deleted. */
  async #upsert(tx: RowTarget, { table, owner, item, data }: CommerceTable, rows: Cell[][]): Promise<void> {
    if (rows.length === 0) return
    const { source, importId, now } = this.#writing
    const key = [...owner, ...item]
    const same = { columns: ['source', 'changed_at', 'import_id'], values: [source, now, importId] }
    await tx.write({ table, columns: [...key, ...data, 'created_at', 'deleted_at'], key: ['source', ...key], rows, same })
  }

  async #foundRows(tx: RowTarget, { table, item, data }: CommerceTable, changes: RowChange[]): Promise<Map<string, RowState>> {
    const keys = new Map(changes.map(({ key }) => [keyText(key), key]))
    const lookup = { table, by: ['source', ...item], keys: [...keys.values()].map((key) => [this.#writing.source, ...key]) }
    const found = await tx.find({ ...lookup, select: [...data, 'created_at', 'deleted_at'] })
    const states = new Map<string, RowState>()
    for (const [at, [text, key]] of [...keys].entries()) {
      const row = found[at]
      states.set(text, row ? stateOf(key, row, false) : { key, found: null, values: [], deletedAt: null, spokenOf: false })
    }
    return states
  }

  #apply(states: Map<string, RowState>, { key, values, deleted, ifMissing }: RowChange): void {
    const state = states.get(keyText(key))
    if (!state) return
    const isNew = !state.found && state.values.length === 0
    if (ifMissing && !isNew) return
    state.spokenOf = true
    state.mentioned = ifMissing === true
    state.values = values.map((value, at) => (value === undefined ? (state.values[at] ?? null) : value))
    state.deletedAt = deleted ? (state.deletedAt ?? this.#writing.now) : null
  }

  async #foundLists(
    tx: RowTarget,
    { table, owner, item, data }: CommerceTable,
    changes: ListChange[],
    made: Set<string>,
  ): Promise<Map<string, Map<string, RowState>>> {
    const lists = new Map<string, Map<string, RowState>>()
    const owners = new Map<string, Cell[]>()
    for (const change of changes) {
      if (made.has(ownerOf(change))) lists.set(keyText(change.owner), new Map())
      else owners.set(keyText(change.owner), change.owner)
    }
    if (owners.size === 0) return lists
    const lookup = { table, by: ['source', ...owner], keys: [...owners.values()].map((key) => [this.#writing.source, ...key]) }
    const found = await tx.findAll({ ...lookup, select: [...item, ...data, 'created_at', 'deleted_at'] })
    for (const [at, [text, key]] of [...owners].entries()) {
      const states = new Map<string, RowState>()
      for (const row of found[at] ?? []) {
        const own = row.slice(0, item.length)
        states.set(keyText(own), stateOf([...key, ...own], row.slice(item.length), true))
      }
      lists.set(text, states)
    }
    return lists
  }

  #applyList({ item }: CommerceTable, states: Map<string, RowState>, { owner, mode, items }: ListChange): void {
    const stated = new Set(items.map(({ key }) => String(key[0])))
    const itemAt = owner.length
    for (const state of states.values()) {
      if (mode === 'whole' || items.length === 0 || stated.has(String(state.key[itemAt]))) state.deletedAt ??= this.#writing.now
    }
    for (const { key, values } of items) {
      const text = keyText(key.slice(0, item.length))
      const state = states.get(text) ?? { key: [...owner, ...key], found: null, values, deletedAt: null, spokenOf: true }
      state.values = values
      state.deletedAt = null
      states.set(text, state)
    }
  }

  async #write(tx: RowTarget, table: CommerceTable, states: RowState[], written: Written): Promise<void> {
    const { entity, owner } = table
    const rows: Cell[][] = []
    for (const state of states) {
      if (!state.spokenOf) continue
      const outcome = outcomeOf(state)
      // Items of a list that were removed long ago are nobody's news.
      if (outcome === 'unchanged' && state.deletedAt !== null && owner.length > 0) continue
      written.counts.count(entity, outcome)
      if (outcome === 'unchanged') continue
      if (state.mentioned) written.mentioned += 1
      const delta = liveDelta(state)
      if (delta !== 0) written.live.set(entity, (written.live.get(entity) ?? 0) + delta)
      if (!state.found) written.made.add(madeKey(entity, state.key))
      if (entity === 'offers' && delta > 0) written.newOffers.push(state.key)
      rows.push(ownCells(state.key, state.values, [state.found?.createdAt ?? this.#writing.now, state.deletedAt]))
    }
    await this.#upsert(tx, table, rows)
  }
}

/** Inserts rows, by key and data, that are certainly not there. */
export function insertOf(
  { source, importId, now }: Writing,
  { table, owner, item, data }: CommerceTable,
  rows: Cell[][],
  deletedAt: Cell,
): WriteBatch {
  const key = [...owner, ...item]
  const same = { columns: ['source', 'created_at', 'changed_at', 'deleted_at', 'import_id'], values: [source, now, now, deletedAt, importId] }
  return { table, columns: [...key, ...data], key: ['source', ...key], rows, same, absent: true }
}

/** The cells of a row; what is not stated is null. */
function ownCells(...parts: Said[][]): Cell[] {
  const cells: Cell[] = []
  for (const part of parts) for (const cell of part) cells.push(cell ?? null)
  return cells
}

function stateOf(key: Cell[], row: Cell[], spokenOf: boolean): RowState {
  const values = row.slice(0, -2)
  const found: FoundRow = { values, createdAt: row.at(-2) ?? null, deletedAt: row.at(-1) ?? null }
  return { key, found, values, deletedAt: found.deletedAt, spokenOf }
}

function madeKey(entity: Entity, key: Cell[]): string {
  return `${entity} ${keyText(key)}`
}

const listOwners: Partial<Record<Entity, Entity>> = {
  product_groups: 'products',
  product_taxes: 'products',
  customer_addresses: 'customers',
  customer_contacts: 'customers',
  customer_accounts: 'customers',
  customer_representatives: 'customers',
}

/** The row that a list belongs to, as `made` has it; '' where the list may be there before it. */
function ownerOf({ entity, owner }: ListChange): string {
  const known = listOwners[entity]
  if (known) return madeKey(known, owner)
  return owner.length === 2 ? madeKey(owner[0] === 'product' ? 'products' : 'offers', owner.slice(1)) : ''
}
