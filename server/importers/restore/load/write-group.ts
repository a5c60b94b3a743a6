import type { Cell, Table, TargetTransaction } from '../../../targets/target.ts'
import type { Draft, RowShape } from '../plan/draft.ts'
import { findOwners } from './find-owners.ts'

/** The key of the row that a draft wrote, for its links. */
export type OwnerOf = (draft: Draft) => Cell

/** Writes drafts of one shape. Answers what their rows are known by in link tables. */
export async function writeGroup(tx: TargetTransaction, shape: RowShape, drafts: Draft[]): Promise<OwnerOf> {
  const { table, columns, key, primaryAt } = shape
  if (key !== null && key !== table.primaryKey && table.primaryKey.length > 0) return await writeByNaturalKey(tx, shape, key, drafts)
  await write(
    tx,
    table,
    columns,
    key,
    drafts.map(({ cells }) => cells),
  )
  const [at] = primaryAt ?? []
  if (at !== undefined) return ({ cells }) => cells[at] ?? null
  return await ownersOf(tx, shape, drafts)
}

/**
 * Rows that are there get the new values under the key they have; the others are inserted, in the order of the file. An upsert by the natural key would do
 * as well, but spend a number of the table for each row that is there, and new rows would get other keys than loaddata gives them.
 */
async function writeByNaturalKey(tx: TargetTransaction, shape: RowShape, key: string[], drafts: Draft[]): Promise<OwnerOf> {
  const { table, columns, keyAt } = shape
  const keyOf = ({ cells }: Draft): Cell[] => keyAt.map((at) => cells[at] ?? null)
  const there = await tx.find({ table, by: key, keys: drafts.map(keyOf), select: table.primaryKey })
  const changed: Cell[][] = []
  const fresh = new Map<string, Cell[]>()
  for (const [index, draft] of drafts.entries()) {
    const found = there[index]
    if (found) changed.push([...found, ...withoutKey(shape, draft.cells)])
    else fresh.set(JSON.stringify(keyOf(draft).map(String)), draft.cells)
  }
  await write(tx, table, [...table.primaryKey, ...withoutKey(shape, columns)], table.primaryKey, changed)
  await write(tx, table, columns, null, [...fresh.values()])
  return await ownersOf(tx, shape, drafts)
}

/** What stands in the columns that are not of the primary key. */
function withoutKey<T>({ primaryAt }: RowShape, items: T[]): T[] {
  return primaryAt ? items.filter((_, at) => !primaryAt.includes(at)) : items
}

async function ownersOf(tx: TargetTransaction, shape: RowShape, drafts: Draft[]): Promise<OwnerOf> {
  const linked = drafts.filter((draft) => draft.links !== null)
  if (linked.length === 0) return () => null
  const owners = await findOwners(tx, shape, linked)
  const byDraft = new Map(linked.map((draft, index) => [draft, owners[index] ?? null]))
  return (draft) => byDraft.get(draft) ?? null
}

async function write(tx: TargetTransaction, table: Table, columns: string[], key: string[] | null, rows: Cell[][]): Promise<void> {
  if (rows.length > 0) await tx.write(key ? { table, columns, key, rows } : { table, columns, rows })
}
