import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import type { ListChange, RowChange } from '../model/change.ts'
import type { CommerceTable, CommerceTables, Entity } from '../schema/tables.ts'
import { EntityCounts } from './entity-counts.ts'
import { keyText, liveDelta, outcomeOf } from './states.ts'
import type { FoundRow, RowState } from './states.ts'

/** Whose rows are written, by which run, and when. */
export type Writing = { tables: CommerceTables; source: string; importId: string; now: string }

/** What was written for some records. */
export type Written = {
  counts: EntityCounts
  /** By how many the live rows of an entity became more. */
  live: Map<Entity, number>
  /** Keys of offers that were not there before. */
  newOffers: Cell[][]
  /** Rows that were not there before, as `entity key`: they have no lists yet that would have to be looked up. */
  made: Set<string>
}

export function nothingWritten(): Written {
  return { counts: new EntityCounts(), live: new Map(), newOffers: [], made: new Set() }
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
  async rows(tx: TargetTransaction, changes: RowChange[], written: Written): Promise<void> {
    for (const [entity, own] of Map.groupBy(changes, (change) => change.entity)) {
      const table = this.#writing.tables[entity]
      const states = await this.#foundRows(tx, table, own)
      for (const change of own) this.#apply(states, change)
      await this.#write(tx, table, [...states.values()], written)
    }
  }

  async lists(tx: TargetTransaction, changes: ListChange[], written: Written): Promise<void> {
    for (const [entity, own] of Map.groupBy(changes, (change) => change.entity)) {
      const table = this.#writing.tables[entity]
      const owners = await this.#foundLists(tx, table, own, written.made)
      for (const change of own) this.#applyList(table, owners.get(keyText(change.owner)) ?? new Map<string, RowState>(), change)
      await this.#write(
        tx,
        table,
        [...owners.values()].flatMap((states) => [...states.values()]),
        written,
      )
    }
  }

  async #foundRows(tx: TargetTransaction, { table, item, data }: CommerceTable, changes: RowChange[]): Promise<Map<string, RowState>> {
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
    state.values = values.map((value, at) => (value === undefined ? (state.values[at] ?? null) : value))
    state.deletedAt = deleted ? (state.deletedAt ?? this.#writing.now) : null
  }

  async #foundLists(
    tx: TargetTransaction,
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

  async #write(tx: TargetTransaction, { entity, table, owner, item, data }: CommerceTable, states: RowState[], written: Written): Promise<void> {
    const { source, importId, now } = this.#writing
    const key = ['source', ...owner, ...item]
    const rows: Cell[][] = []
    for (const state of states) {
      if (!state.spokenOf) continue
      const outcome = outcomeOf(state)
      // Items of a list that were removed long ago are nobody's news.
      if (outcome === 'unchanged' && state.deletedAt !== null && owner.length > 0) continue
      written.counts.count(entity, outcome)
      if (outcome === 'unchanged') continue
      const delta = liveDelta(state)
      if (delta !== 0) written.live.set(entity, (written.live.get(entity) ?? 0) + delta)
      if (!state.found) written.made.add(madeKey(entity, state.key))
      if (entity === 'offers' && delta > 0) written.newOffers.push(state.key)
      rows.push([source, ...state.key, ...state.values, state.found?.createdAt ?? now, now, state.deletedAt, importId])
    }
    const columns = [...key, ...data, 'created_at', 'changed_at', 'deleted_at', 'import_id']
    if (rows.length > 0) await tx.write({ table, columns, key, rows })
  }
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
}

/** The row that a list belongs to, as `made` has it; '' where the list may be there before it. */
function ownerOf({ entity, owner }: ListChange): string {
  const known = listOwners[entity]
  if (known) return madeKey(known, owner)
  return owner.length === 2 ? madeKey(owner[0] === 'product' ? 'products' : 'offers', owner.slice(1)) : ''
}
