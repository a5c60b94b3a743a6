import { quoteName, quoteNames } from '../identifiers.ts'
import type { DanglingReference, ForeignKey, Table } from '../target.ts'
import type { Connection } from './connection.ts'
import { decode } from './decode.ts'
import type { StoredValue } from './decode.ts'
import { readTables } from './schema.ts'
import type { SqliteTable } from './schema.ts'

const prefix = 'intake_unproven:'

/**
 * Finds the references that lead nowhere without looking at rows that were not written: temporary triggers, which live in this connection alone, note
 * the rows whose parent is not there at the moment of writing, and the check looks at those again. A row whose reference did not change is not noted.
 */
export class ForeignKeyWatch {
  readonly #connection: Connection
  #tables = new Map<string, SqliteTable>()
  #version: unknown = null
  /** What `watch` need not look at again in this transaction. */
  #seen = new Set<string>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Starts a transaction: what a former one noted is forgotten. */
  reset(): void {
    if (this.schemaChanged()) {
      for (const name of this.#named('trigger')) this.#connection.exec(`DROP TRIGGER temp.${quoteName(name)}`)
      for (const name of this.#watched()) this.#connection.exec(`DROP TABLE temp.${quoteName(prefix + name)}`)
    } else {
      for (const name of this.#watched()) this.#connection.exec(`DELETE FROM temp.${quoteName(prefix + name)}`)
    }
    this.undone()
  }

  /** A part of the transaction was undone, and triggers may be with it. */
  undone(): void {
    this.#seen.clear()
  }

  /** Reads the tables again if they are others by now. */
  schemaChanged(): boolean {
    const version = this.#connection.pragma('schema_version', { simple: true })
    if (version === this.#version) return false
    this.#version = version
    this.#tables = new Map(readTables(this.#connection).map((table) => [table.name, table]))
    return true
  }

  /** Watches what is written to a table from now on. `changed` are the columns that a row which is there gets new values in. */
  watch(tableName: string, changed: string[]): void {
    const shape = JSON.stringify([tableName, changed])
    if (this.#seen.has(shape)) return
    this.#seen.add(shape)
    const table = this.#tables.get(tableName)
    if (!table) return
    this.#watchChild(table)
    for (const child of this.#tables.values()) {
      for (const [at, key] of child.foreignKeys.entries()) {
        if (key.table === tableName && key.references.some((column) => changed.includes(column))) this.#watchKey(table, child, at)
      }
    }
  }

  /** The noted rows whose reference leads nowhere now, at most `limit`. */
  dangling(limit: number): DanglingReference[] {
    const found: DanglingReference[] = []
    for (const name of this.#watched()) {
      const table = this.#tables.get(name)
      for (const key of table?.foreignKeys ?? []) {
        if (table && found.length < limit) found.push(...this.#danglingOf(table, key, limit - found.length))
      }
    }
    return found
  }

  #watchChild(table: SqliteTable): void {
    if (table.foreignKeys.length === 0 || this.#watched().includes(table.name)) return
    const name = quoteName(prefix + table.name)
    const numbered = identityOf(table).map((_, at) => `k${at}`)
    const columns = [...new Set(table.foreignKeys.flatMap((key) => key.columns))]
    const nowhere = table.foreignKeys.map((key) => this.#leadsNowhere(key, 'NEW'))
    const changed = table.foreignKeys.map((key, at) => `((${key.columns.map(differs).join(' OR ')}) AND ${nowhere[at]})`)
    this.#connection.exec(`
      CREATE TEMP TABLE ${name} (${numbered.join(', ')}, PRIMARY KEY (${numbered.join(', ')})) WITHOUT ROWID;
      CREATE TEMP TRIGGER ${quoteName(`intake_insert:${table.name}`)} AFTER INSERT ON main.${quoteName(table.name)}
        WHEN ${nowhere.join(' OR ')} BEGIN ${note(table, 'NEW', 'true')}; END;
      CREATE TEMP TRIGGER ${quoteName(`intake_update:${table.name}`)} AFTER UPDATE OF ${quoteNames(columns)} ON main.${quoteName(table.name)}
        WHEN ${changed.join(' OR ')} BEGIN ${note(table, 'NEW', 'true')}; END;`)
  }

  /** A key that others refer to and that is changed leaves them behind: they are noted then. */
  #watchKey(parent: SqliteTable, child: SqliteTable, at: number): void {
    const key = child.foreignKeys[at] as ForeignKey
    const name = `intake_key:${parent.name}:${child.name}:${at}`
    if (!isComplete(key, parent) || this.#named('trigger').includes(name)) return
    this.#watchChild(child)
    const left = key.columns.map((column, index) => `c.${quoteName(column)} = OLD.${quoteName(key.references[index] ?? '')}`).join(' AND ')
    this.#connection.exec(`
      CREATE TEMP TRIGGER ${quoteName(name)} AFTER UPDATE OF ${quoteNames(key.references)} ON main.${quoteName(parent.name)}
        WHEN ${key.references.map(differs).join(' OR ')} BEGIN ${note(child, 'c', left)}; END`)
  }

  #danglingOf(table: SqliteTable, key: ForeignKey, limit: number): DanglingReference[] {
    const shown = [...(table.primaryKey.length > 0 ? table.primaryKey : identityOf(table)), ...key.columns]
    const same = identityOf(table).map((column, at) => `c.${quoteName(column)} = u.k${at}`)
    const rows = this.#connection
      .prepare<[number], StoredValue[]>(
        `SELECT ${prefixed('c', shown)} FROM temp.${quoteName(prefix + table.name)} u JOIN main.${quoteName(table.name)} c ON ${same.join(' AND ')}
         WHERE ${this.#leadsNowhere(key, 'c')} LIMIT ?`,
      )
      .raw()
      .safeIntegers()
      .all(limit)
    const width = shown.length - key.columns.length
    return rows.map((row) => {
      const cells = row.map((value, at) => decodeIn(table, shown[at] ?? '', value))
      const references = { table: key.table, columns: key.references }
      return { table: table.name, key: cells.slice(0, width), columns: key.columns, values: cells.slice(width), references }
    })
  }

  /** The condition under which a row (`NEW` or an alias) refers to something that is not there. */
  #leadsNowhere(key: ForeignKey, row: string): string {
    const given = key.columns.map((column) => `${row}.${quoteName(column)} IS NOT NULL`).join(' AND ')
    const parent = this.#tables.get(key.table)
    if (!parent || !isComplete(key, parent)) return `(${given})`
    // The parent's column stands left: its collation decides, as in SQLite's own check.
    const same = key.columns.map((column, at) => `p.${quoteName(key.references[at] ?? '')} = ${row}.${quoteName(column)}`)
    return `(${given} AND NOT EXISTS (SELECT 1 FROM main.${quoteName(parent.name)} p WHERE ${same.join(' AND ')}))`
  }

  #watched(): string[] {
    return this.#named('table').flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))
  }

  #named(type: 'table' | 'trigger'): string[] {
    return this.#connection.prepare<[string], string>('SELECT name FROM sqlite_temp_schema WHERE type = ?').pluck().all(type)
  }
}

/** The statement of a trigger that notes rows once: the written one (`NEW`), or those of the table (`c`) that fulfil a condition. */
function note(table: SqliteTable, row: 'NEW' | 'c', condition: string): string {
  const name = quoteName(prefix + table.name)
  const identity = identityOf(table)
  // The plus takes the affinity from the column: the noted keys have none, and their index is not used for values that have one.
  const noted = identity.map((column, at) => `n.k${at} = +${row}.${quoteName(column)}`).join(' AND ')
  const source = row === 'c' ? `FROM main.${quoteName(table.name)} c` : ''
  return `INSERT INTO ${name} SELECT ${prefixed(row, identity)} ${source} WHERE ${condition} AND NOT EXISTS (SELECT 1 FROM ${name} n WHERE ${noted})`
}

/** The columns that find a row again: the hidden rowid under a name that no column took, or the primary key. */
function identityOf(table: SqliteTable): string[] {
  if (table.withoutRowid) return table.primaryKey
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  return [['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? 'rowid']
}

function isComplete(key: ForeignKey, parent: Table): boolean {
  const names = new Set(parent.columns.map((column) => column.name))
  return key.references.length === key.columns.length && key.references.every((name) => names.has(name))
}

function differs(column: string): string {
  return `NEW.${quoteName(column)} IS NOT OLD.${quoteName(column)}`
}

function prefixed(row: string, columns: string[]): string {
  return columns.map((column) => `${row}.${quoteName(column)}`).join(', ')
}

function decodeIn(table: Table, name: string, value: StoredValue): ReturnType<typeof decode> {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column ? decode(value, column) : decode(value, rowidColumn)
}

const rowidColumn = {
  name: 'rowid',
  type: 'integer',
  sqlType: 'integer',
  nullable: false,
  default: null,
  generated: false,
  autoIncrement: true,
  maxLength: null,
  precision: null,
  scale: null,
} as const
