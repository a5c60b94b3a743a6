import { quoteName } from '../identifiers.ts'
import type { DanglingReference, ForeignKey, Table } from '../target.ts'
import type { Connection, Statement } from './connection.ts'
import { CommittedRows } from './committed-rows.ts'
import { decode } from './decode.ts'
import type { StoredValue } from './decode.ts'
import type { SqliteValue } from './encode.ts'
import { identityOf, readTables } from './schema.ts'
import type { SqliteTable } from './schema.ts'

const provenAtMost = 100_000
/** Values that are looked up by one statement. */
const lookedUpAtOnce = 250

/** A foreign key and where it stands: its table and its number there. */
export type WatchedKey = {
  child: SqliteTable
  key: ForeignKey
  /** The temporary table of values that led nowhere when they were written. */
  unproven: string
  /** Asks whether the parent has a row; null when there is no such table or column. */
  lookUp: Statement | null
  /** Values of one column that were found in this transaction. */
  proven: Set<SqliteValue>
}

/**
 * Finds references that lead nowhere without looking at rows that were not written: values are looked up in their parent as they are written, those not
 * found are kept in a temporary table, which only this connection has, and looked at again when it is asked.
 */
export class ForeignKeyWatch {
  readonly #connection: Connection
  #keys: WatchedKey[] = []
  #version: unknown = null
  readonly #noted = new Set<WatchedKey>()
  readonly #counting = new WeakMap<WatchedKey, Statement>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Starts a transaction: what a former one noted is forgotten. Answers whether the tables are others than before. */
  reset(): boolean {
    for (const name of this.#unproven()) this.#connection.exec(`DROP TABLE temp.${quoteName(name)}`)
    this.#noted.clear()
    this.undone()
    return this.refresh()
  }

  /** A part of the transaction was undone, and parents may be with it. */
  undone(): void {
    for (const key of this.#keys) key.proven.clear()
  }

  /** Reads the tables again if they changed; answers whether they did. */
  refresh(): boolean {
    const version = this.#connection.pragma('schema_version', { simple: true })
    if (version === this.#version) return false
    this.#version = version
    const tables = readTables(this.#connection)
    this.#keys = tables.flatMap((child) => child.foreignKeys.map((key, at) => this.#watched(child, key, at, tables)))
    return true
  }

  /** The foreign keys of a table. */
  keysOf(tableName: string): WatchedKey[] {
    return this.#keys.filter(({ child }) => child.name === tableName)
  }

  /** The foreign keys that lead to one of these columns. */
  keysTo(tableName: string, columns: string[]): WatchedKey[] {
    return this.#keys.filter(({ key }) => key.table === tableName && key.references.some((name) => columns.includes(name)))
  }

  /** Looks at values of a foreign key, none of them null, and keeps those that lead nowhere. */
  note(watched: WatchedKey, values: Iterable<SqliteValue[]>): void {
    if (watched.proven.size > provenAtMost) watched.proven.clear()
    const open = [...values].filter(([first = null, ...rest]) => rest.length > 0 || !watched.proven.has(first))
    const missing: SqliteValue[][] = []
    for (let at = 0; at < open.length; at += lookedUpAtOnce) {
      const some = open.slice(at, at + lookedUpAtOnce)
      const areThere = this.#haveAll(watched, some)
      for (const value of some) {
        if (!areThere && watched.lookUp?.get(value) === undefined) missing.push(value)
        else if (value.length === 1) watched.proven.add(value[0] ?? null)
      }
    }
    if (missing.length > 0) this.#keep(watched, missing)
  }

  /** The written rows whose reference leads nowhere now, at most `limit`. */
  dangling(limit: number): DanglingReference[] {
    const found: DanglingReference[] = []
    const existing = new Set(this.#unproven())
    const committed = new CommittedRows(this.#connection)
    try {
      for (const watched of this.#noted) {
        if (existing.has(watched.unproven) && found.length < limit) found.push(...this.#danglingOf(watched, committed, limit - found.length))
      }
    } finally {
      committed.close()
    }
    return found
  }

  #watched(child: SqliteTable, key: ForeignKey, at: number, tables: Table[]): WatchedKey {
    const parent = tables.find(({ name }) => name === key.table)
    const isThere = key.references.length === key.columns.length && key.references.every((name) => parent?.columns.some((one) => one.name === name))
    const conditions = key.references.map((name) => `${quoteName(name)} = ?`).join(' AND ')
    const sql = `SELECT 1 FROM main.${quoteName(key.table)} WHERE ${conditions}`
    return {
      child,
      key,
      unproven: `intake_unproven:${child.name}:${at}`,
      lookUp: isThere ? this.#connection.prepare(sql).raw() : null,
      proven: new Set(),
    }
  }

  /** Whether the parent has all of so many different values of one column, asked at once. */
  #haveAll(watched: WatchedKey, values: SqliteValue[][]): boolean {
    const { key, lookUp } = watched
    if (!lookUp || key.columns.length > 1 || values.length < lookedUpAtOnce) return false
    let counting = this.#counting.get(watched)
    if (!counting) {
      const given = Array<string>(lookedUpAtOnce).fill('(?)').join(', ')
      const parent = `main.${quoteName(key.table)} p WHERE p.${quoteName(key.references[0] ?? '')} = v.column1`
      counting = this.#connection.prepare(`SELECT count(*) FROM (VALUES ${given}) v WHERE EXISTS (SELECT 1 FROM ${parent})`).pluck()
      this.#counting.set(watched, counting)
    }
    return counting.get(values.flat()) === lookedUpAtOnce
  }

  #keep(watched: WatchedKey, missing: SqliteValue[][]): void {
    const table = `temp.${quoteName(watched.unproven)}`
    const names = watched.key.columns.map((_, at) => `v${at}`).join(', ')
    // Of the types of the written columns, so that they compare with these as they are and by either's index.
    const typed = watched.key.columns.map((name, at) => `v${at} ${quoteName(watched.child.columns.find((one) => one.name === name)?.sqlType ?? '')}`)
    this.#connection.exec(`CREATE TABLE IF NOT EXISTS ${table} (${typed.join(', ')}, PRIMARY KEY (${names})) WITHOUT ROWID`)
    const statement = this.#connection.prepare(`INSERT OR IGNORE INTO ${table} VALUES (${watched.key.columns.map(() => '?').join(', ')})`)
    for (const value of missing) statement.run(value)
    this.#noted.add(watched)
  }

  /** Rows with a value that was noted. One that had it before the transaction began, and led nowhere by it, is not of its making. */
  #danglingOf(watched: WatchedKey, committed: CommittedRows, limit: number): DanglingReference[] {
    const { child, key } = watched
    const identity = identityOf(child)
    const shown = [...identity, ...key.columns, ...child.primaryKey]
    const rows = this.#connection.prepare<[], StoredValue[]>(danglingSql(watched, shown)).raw().safeIntegers()
    const had = [...identity, ...key.columns].map((name) => `c.${quoteName(name)} IS ?`)
    const danglingBefore = `SELECT 1 FROM main.${quoteName(child.name)} c WHERE ${had.join(' AND ')} AND ${nowhereSql(watched)}`
    const found: DanglingReference[] = []
    for (const row of rows.iterate()) {
      const values = row.slice(0, identity.length + key.columns.length)
      if (committed.have(danglingBefore, values)) continue
      const cells = row.map((value, at) => decode(value, child.columns.find(({ name }) => name === shown[at]) ?? null))
      const given = cells.slice(identity.length, identity.length + key.columns.length)
      const primary = child.primaryKey.length > 0 ? cells.slice(-child.primaryKey.length) : cells.slice(0, identity.length)
      found.push({ table: child.name, key: primary, columns: key.columns, values: given, references: { table: key.table, columns: key.references } })
      if (found.length >= limit) break
    }
    return found
  }

  #unproven(): string[] {
    const names = this.#connection.prepare<[], string>(`SELECT name FROM sqlite_temp_schema WHERE type = 'table'`).pluck().all()
    return names.filter((name) => name.startsWith('intake_unproven:'))
  }
}

function danglingSql(watched: WatchedKey, shown: string[]): string {
  const noted = watched.key.columns.map((name, at) => `c.${quoteName(name)} = u.v${at}`)
  return `SELECT ${shown.map((name) => `c.${quoteName(name)}`).join(', ')} FROM temp.${quoteName(watched.unproven)} u
    JOIN main.${quoteName(watched.child.name)} c ON ${noted.join(' AND ')} WHERE ${nowhereSql(watched)}`
}

/** The condition under which a row `c` refers to something that is not there. */
function nowhereSql({ key, lookUp }: WatchedKey): string {
  if (!lookUp) return 'true'
  // The parent's column stands left: its collation decides, as in SQLite's own check.
  const same = key.columns.map((name, at) => `p.${quoteName(key.references[at] ?? '')} = c.${quoteName(name)}`)
  return `NOT EXISTS (SELECT 1 FROM main.${quoteName(key.table)} p WHERE ${same.join(' AND ')})`
}
