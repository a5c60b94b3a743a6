import { AppError } from '../../errors.ts'
import { quoteName } from '../identifiers.ts'
import type { Cell, DanglingReference, ForeignKey, Lookup, Table } from '../target.ts'
import { decode } from './decode.ts'
import { sqlState } from './errors.ts'
import { findRows } from './read.ts'
import { readTables } from './schema.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

const begin = 'SAVEPOINT intake_check; SET CONSTRAINTS ALL IMMEDIATE'
const undo = 'ROLLBACK TO intake_check; RELEASE intake_check'

/** How many rows that dangled before may have been written again as they were, without hiding others. */
const unchangedAtMost = 1000

/** Lets the database check what waits to be checked, which are exactly the references written. Null when all are good, else its error. */
export async function checkConstraints(session: Session): Promise<AppError | null> {
  try {
    await session.run(begin)
    await session.run('SET CONSTRAINTS ALL DEFERRED; RELEASE intake_check')
    return null
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !session.alive) throw thrown
    await session.run(undo)
    return thrown
  }
}

/** The rows of these tables that this transaction wrote and whose reference leads nowhere, at most `limit`. */
export async function findDangling(session: Session, tableNames: Set<string>, sessions: Sessions, limit: number): Promise<DanglingReference[]> {
  const found: DanglingReference[] = []
  const tables = await readTables(session)
  const names = new Set(tables.map(({ name }) => name))
  for (const table of tables) {
    if (!tableNames.has(table.name)) continue
    for (const key of table.foreignKeys) {
      if (found.length >= limit) return found
      // A parent that a bare name does not find comes with its schema, quoted already.
      const parent = names.has(key.table) ? quoteName(key.table) : key.table
      const rows = await danglingRows(session, table, key, parent, limit + unchangedAtMost)
      found.push(...(await notThereBefore(sessions, table, rows)).slice(0, limit - found.length))
    }
  }
  return found
}

async function danglingRows(session: Session, table: Table, key: ForeignKey, parent: string, limit: number): Promise<DanglingReference[]> {
  const shown = [...table.primaryKey, ...key.columns]
  const columns = shown.map((name) => table.columns.find((column) => column.name === name))
  const width = table.primaryKey.length
  return (await session.rows(danglingSql(table, key, shown, parent), [limit])).map((row) => {
    const cells = columns.map((column, at) => (column ? decode(row[at] ?? null, column) : null))
    const references = { table: key.table, columns: key.references }
    return { table: table.name, key: cells.slice(0, width), columns: key.columns, values: cells.slice(width), references }
  })
}

/** Rows written here have a transaction number that is this one's or, in a savepoint, a newer one: their age is not above zero. */
function danglingSql(table: Table, key: ForeignKey, shown: string[], parent: string): string {
  const given = key.columns.map((name) => `c.${quoteName(name)} IS NOT NULL`)
  const same = key.columns.map((name, at) => `p.${quoteName(key.references[at] ?? '')} = c.${quoteName(name)}`)
  return `SELECT ${shown.map((name) => `c.${quoteName(name)}`).join(', ')} FROM ${quoteName(table.name)} c
    WHERE ${given.join(' AND ')} AND age(c.xmin) <= 0 AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${same.join(' AND ')}) LIMIT $1`
}

/** Another connection sees what was committed: a reference that was there before with the same value is not of this transaction's making. */
async function notThereBefore(sessions: Sessions, table: Table, found: DanglingReference[]): Promise<DanglingReference[]> {
  const [first] = found
  if (!first || table.primaryKey.length === 0) return found
  const lookup = { table, by: [...table.primaryKey, ...first.columns], keys: found.map(({ key, values }) => [...key, ...values]), select: [] }
  const before = await sessions.use(async (session) => await findCommitted(session, lookup))
  return found.filter((_, at) => (before?.[at] ?? null) === null)
}

/** Null when the table is not there yet, or locked: its foreign keys were made to wait, so they were strict, and nothing can have dangled. */
async function findCommitted(session: Session, lookup: Lookup): Promise<(Cell[] | null)[] | null> {
  await session.run(`BEGIN; SET LOCAL lock_timeout = '100ms'`)
  try {
    return await findRows(session, lookup)
  } catch (thrown) {
    if (['42P01', '55P03'].includes(sqlState(thrown) ?? '')) return null
    throw thrown
  } finally {
    if (session.alive) await session.run('ROLLBACK')
  }
}
