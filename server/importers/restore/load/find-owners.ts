import type { Cell, ColumnType, TargetTransaction } from '../../../targets/target.ts'
import { RecordRefused } from '../problem.ts'
import type { Draft, RowShape } from '../plan/draft.ts'

/** Types whose values every database compares as they are written. */
const comparable: readonly ColumnType[] = ['integer', 'text', 'boolean', 'date', 'datetime', 'uuid']

/**
 * The primary keys of rows that were just written without one: found by the key that they were matched by, else by all their values. A row that can't be
 * told from another one is refused.
 */
export async function findOwners(tx: TargetTransaction, shape: RowShape, drafts: Draft[]): Promise<Cell[]> {
  const { table, key, keyAt } = shape
  const select = table.primaryKey
  if (key) {
    const keys = drafts.map(({ cells }) => keyAt.map((at) => cells[at] ?? null))
    return (await tx.find({ table, by: key, keys, select })).map((row) => row?.[0] ?? null)
  }
  const owners: Cell[] = []
  for (const draft of drafts) owners.push(draft.links?.some(({ others }) => others.length > 0) ? await findByValues(tx, shape, draft) : null)
  return owners
}

async function findByValues(tx: TargetTransaction, { table, columns }: RowShape, { cells }: Draft): Promise<Cell> {
  const types = new Map(table.columns.map((column) => [column.name, column.type]))
  const at = [...columns.keys()].filter((index) => cells[index] !== null && comparable.includes(types.get(columns[index] ?? '') ?? 'other'))
  const by = at.map((index) => columns[index] ?? '')
  const unique = table.uniqueKeys.find((key) => key.every((column) => by.includes(column))) ?? by
  const wanted = at.filter((index) => unique.includes(columns[index] ?? ''))
  if (wanted.length === 0) throw ambiguous(table.name)
  const key = wanted.map((index) => cells[index] ?? null)
  const [row] = await tx.find({ table, by: wanted.map((index) => columns[index] ?? ''), keys: [key], select: table.primaryKey })
  if (!row) throw ambiguous(table.name)
  return row[0] ?? null
}

function ambiguous(table: string): RecordRefused {
  const message = `The record has links but no key, and its new row of table "${table}" can't be told from others. Give it a "pk".`
  return new RecordRefused({ code: 'conflict', message, details: { table } })
}
