import { AppError } from '../../errors.ts'
import { quoteName } from '../identifiers.ts'
import type { Cell, DanglingReference, ForeignKey, Table } from '../target.ts'
import { decode } from './decode.ts'
import { findRows } from './read.ts'
import { readTables } from './schema.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

const begin = 'SAVEPOINT intake_check; SET CONSTRAINTS ALL IMMEDIATE'
const undo = 'ROLLBACK TO intake_check; RELEASE intake_check'

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
  for (const table of await readTables(session)) {
    if (!tableNames.has(table.name)) continue
    for (const key of table.foreignKeys) {
      if (found.length >= limit) return found
      found.push(...(await danglingBy(session, table, key, sessions, limit - found.length)))
    }
  }
  return found
}

async function danglingBy(session: Session, table: Table, key: ForeignKey, sessions: Sessions, limit: number): Promise<DanglingReference[]> {
  const shown = [...table.primaryKey, ...key.columns]
  const columns = shown.map((name) => table.columns.find((column) => column.name === name))
  const rows = await session.rows(danglingSql(table, key, shown), [limit])
  const width = table.primaryKey.length
  const cells = rows.map((row) => columns.map((column, at) => (column ? decode(row[at] ?? null, column) : null)))
  const fresh = await notThereBefore(sessions, table, shown, cells)
  const references = { table: key.table, columns: key.references }
  return fresh.map((row) => ({ table: table.name, key: row.slice(0, width), columns: key.columns, values: row.slice(width), references }))
}

/** Rows written here have a transaction number that is this one's or, in a savepoint, a newer one: their age is not above zero. */
function danglingSql(table: Table, key: ForeignKey, shown: string[]): string {
  const given = key.columns.map((name) => `c.${quoteName(name)} IS NOT NULL`)
  const same = key.columns.map((name, at) => `p.${quoteName(key.references[at] ?? '')} = c.${quoteName(name)}`)
  return `SELECT ${shown.map((name) => `c.${quoteName(name)}`).join(', ')} FROM ${quoteName(table.name)} c
    WHERE ${given.join(' AND ')} AND age(c.xmin) <= 0 AND NOT EXISTS (SELECT FROM ${parentSql(key.table)} p WHERE ${same.join(' AND ')}) LIMIT $1`
}

/** A parent that a bare name does not find comes with its schema, quoted already. */
function parentSql(name: string): string {
  return name.includes('.') ? name : quoteName(name)
}

/** Another connection sees what was committed: a reference that was there before with the same value is not of this transaction's making. */
async function notThereBefore(sessions: Sessions, table: Table, columns: string[], rows: Cell[][]): Promise<Cell[][]> {
  if (rows.length === 0 || table.primaryKey.length === 0) return rows
  return await sessions.use(async (session) => {
    const isThere = (await readTables(session)).some(({ name }) => name === table.name)
    if (!isThere) return rows
    const before = await findRows(session, { table, by: columns, keys: rows, select: [] })
    return rows.filter((_, at) => before[at] === null)
  })
}
