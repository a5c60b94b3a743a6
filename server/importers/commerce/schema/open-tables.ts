import { AppError } from '../../../errors.ts'
import type { Table, TargetTransaction } from '../../../targets/target.ts'
import { commerceTables, entities } from './tables.ts'
import type { CommerceTables } from './tables.ts'

/**
 * The tables as the target has them, so that values are compared and written as their columns are declared there; those that are missing as they will
 * be made. Throws `column_missing` when a table of that name lacks a column: it is somebody else's.
 */
export function knownTables(existing: Table[]): { tables: CommerceTables; missing: Table[] } {
  const tables = commerceTables()
  const missing: Table[] = []
  for (const entity of entities) {
    const wanted = tables[entity].table
    const found = existing.find(({ name }) => name === wanted.name)
    if (!found) missing.push(wanted)
    else tables[entity] = { ...tables[entity], table: fitting(found, wanted) }
  }
  return { tables, missing }
}

function fitting(found: Table, wanted: Table): Table {
  const lacking = wanted.columns.find(({ name }) => !found.columns.some((column) => column.name === name))
  const sameKey = found.primaryKey.join() === wanted.primaryKey.join()
  if (!lacking && sameKey) return found
  const what = lacking ? `has no column "${lacking.name}"` : `has another primary key than (${wanted.primaryKey.join(', ')})`
  throw new AppError('column_missing', `Table "${found.name}" ${what}: it was not made by an import of 1C. Rename it, or take another database.`, {
    details: { table: found.name, ...(lacking && { column: lacking.name }) },
  })
}

export async function makeTables(tx: TargetTransaction, missing: Table[]): Promise<void> {
  if (missing.length > 0) await tx.createTables(missing)
}
