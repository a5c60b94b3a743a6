import { CellRefusal } from '../cells/refusal.ts'
import { pickColumns } from '../columns.ts'
import { severalRows } from '../lookups.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, Lookup, Page, Table, TargetRows } from '../target.ts'
import type { Connection } from './connection.ts'
import { decode } from './decode.ts'
import type { StoredValue } from './decode.ts'
import { encoderOf } from './encode.ts'
import type { Encoder, SqliteValue } from './encode.ts'

const countedAtMost = 1_000_000

/** For each key the one row that has it. A key that can't be in its column is not there. */
export function findRows(connection: Connection, lookup: Lookup): (Cell[] | null)[] {
  return findLists(connection, lookup, ' LIMIT 2').map(([row, another], at) => {
    if (another) throw severalRows(lookup.table, lookup.by, lookup.keys[at] ?? [])
    return row ?? null
  })
}

/** For each key the rows that have it. */
export function findLists(connection: Connection, { table, by, keys, select }: Lookup, limit = ''): Cell[][][] {
  const encoders = pickColumns(table, by).map(encoderOf)
  const columns = pickColumns(table, select)
  const conditions = by.map((name) => `${quoteName(name)} = ?`)
  const list = select.length > 0 ? quoteNames(select) : '1'
  const statement = connection
    .prepare<SqliteValue[], StoredValue[]>(`SELECT ${list} FROM main.${quoteName(table.name)} WHERE ${conditions.join(' AND ')}${limit}`)
    .raw()
    .safeIntegers()
  return keys.map((key) => {
    const encoded = encodeKey(key, encoders)
    return encoded ? statement.all(...encoded).map((row) => decodeRow(row, columns)) : []
  })
}

function encodeKey(key: Cell[], encoders: Encoder[]): SqliteValue[] | null {
  if (key.includes(null)) return null
  try {
    return encoders.map((encode, at) => encode(key[at] as Exclude<Cell, null>))
  } catch (thrown) {
    if (thrown instanceof CellRefusal) return null
    throw thrown
  }
}

function decodeRow(row: StoredValue[], columns: Column[]): Cell[] {
  return columns.map((column, at) => decode(row[at] ?? null, column))
}

/** A page of a table. Rows are counted up to a million. */
export function readPage(connection: Connection, table: Table, page: Page): TargetRows {
  const names = page.select ?? table.columns.map((column) => column.name)
  const columns = pickColumns(table, names)
  const { sql, values } = among(table, page)
  const order = [...(page.order ?? []).map((name) => `${quoteName(name)} NULLS LAST`), ...table.primaryKey.map(quoteName)]
  const ordered = order.length > 0 ? `ORDER BY ${order.join(', ')}` : ''
  const rows = connection
    .prepare<(SqliteValue | number)[], StoredValue[]>(`SELECT ${quoteNames(names)} ${sql} ${ordered} LIMIT ? OFFSET ?`)
    .raw()
    .safeIntegers()
    .all(...values, page.limit, page.offset)
  const counted = connection.prepare<SqliteValue[], number>(`SELECT count(*) FROM (SELECT 1 ${sql} LIMIT ${countedAtMost + 1})`)
  const total = counted.pluck().get(...values) ?? 0
  return { columns: names, rows: rows.map((row) => decodeRow(row, columns)), total: total > countedAtMost ? null : total }
}

/** `FROM … WHERE …`, and the values in it. */
function among(table: Table, { only = {}, search }: Page): { sql: string; values: SqliteValue[] } {
  const values: SqliteValue[] = []
  const conditions = pickColumns(table, Object.keys(only)).map((column) => {
    const wanted = only[column.name] ?? null
    if (wanted === null) return `${quoteName(column.name)} IS NULL`
    const cells = Array.isArray(wanted) ? wanted : [wanted]
    values.push(...cells.map(encoderOf(column)))
    return `${quoteName(column.name)} IN (${cells.map(() => '?').join(', ')})`
  })
  if (search) {
    const texts = pickColumns(table, search.columns).map(({ name }) => `coalesce(${quoteName(name)}, '')`)
    // A number alone becomes a text by what is hung on it.
    conditions.push(`intake_has_words(${texts.join(' || char(10) || ')} || ''${', ?'.repeat(search.words.length)})`)
    values.push(...search.words.map((word) => word.toLowerCase()))
  }
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  return { sql: `FROM main.${quoteName(table.name)}${where}`, values }
}
