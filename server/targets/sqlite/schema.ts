import { checkpointTable } from '../identifiers.ts'
import type { Column, ForeignKey, Table } from '../target.ts'
import { declaredType, jsonColumns } from './column-type.ts'
import { guarded } from './connection.ts'
import type { Connection } from './connection.ts'

const ownTables = `m.schema = 'main' AND m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name <> '${checkpointTable}'`
const everyTable = `SELECT m.name, m.wr, s.sql FROM pragma_table_list m JOIN main.sqlite_schema s ON s.type = 'table' AND s.name = m.name
  WHERE ${ownTables} ORDER BY s.rowid`
const everyColumn = `SELECT m.name AS "table", c.name, c.type, c."notnull", c.dflt_value AS "default", c.pk, c.hidden
  FROM pragma_table_list m JOIN pragma_table_xinfo(m.name) c WHERE ${ownTables} AND c.hidden <> 1 ORDER BY m.name, c.cid`
const everyIndexColumn = `SELECT m.name AS "table", i.name AS "index", i.origin, x.name AS column, x.cid
  FROM pragma_table_list m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) x
  WHERE ${ownTables} AND i."unique" = 1 AND i.partial = 0 AND x.key = 1 ORDER BY m.name, i.seq, x.seqno`
const everyForeignKey = `SELECT m.name AS "table", f.id, f."table" AS parent, f."from", f."to"
  FROM pragma_table_list m JOIN pragma_foreign_key_list(m.name) f WHERE ${ownTables} ORDER BY m.name, f.id DESC, f.seq`

type TableRow = { name: string; wr: number; sql: string }
type ColumnRow = { table: string; name: string; type: string; notnull: number; default: string | null; pk: number; hidden: number }
type IndexRow = { table: string; index: string; origin: string; column: string | null; cid: number }
type ForeignKeyRow = { table: string; id: number; parent: string; from: string; to: string | null }

/** What only this driver needs to know of a table. */
export type SqliteTable = Table & { withoutRowid: boolean }

/** The tables of the main database: not those of SQLite, of virtual tables and of Intake, and no views. */
export function readTables(connection: Connection): SqliteTable[] {
  return guarded(() => {
    const columns = byTable(connection.prepare<[], ColumnRow>(everyColumn).all())
    const indexes = byTable(connection.prepare<[], IndexRow>(everyIndexColumn).all())
    const foreignKeys = byTable(connection.prepare<[], ForeignKeyRow>(everyForeignKey).all())
    const rows = connection.prepare<[], TableRow>(everyTable).all()
    const tables = rows.map((row) => tableOf(row, columns.get(row.name) ?? [], indexes.get(row.name) ?? []))
    const byName = new Map(tables.map((table) => [table.name.toLowerCase(), table]))
    for (const table of tables) table.foreignKeys = foreignKeysOf(foreignKeys.get(table.name) ?? [], table, byName)
    return tables
  })
}

/** How many tables `readTables` would answer. */
export function countTables(connection: Connection): number {
  return guarded(() => connection.prepare<[], number>(`SELECT count(*) FROM pragma_table_list m WHERE ${ownTables}`).pluck().get() ?? 0)
}

function byTable<T extends { table: string }>(rows: T[]): Map<string, T[]> {
  return Map.groupBy(rows, (row) => row.table)
}

function tableOf(row: TableRow, columns: ColumnRow[], indexes: IndexRow[]): SqliteTable {
  const primary = columns.filter((column) => column.pk > 0).toSorted((a, b) => a.pk - b.pk)
  // The one key column of a table is its rowid exactly when SQLite made no index for it.
  const isRowid = row.wr === 0 && primary.length === 1 && !indexes.some((index) => index.origin === 'pk')
  const json = jsonColumns(row.sql)
  return {
    name: row.name,
    columns: columns.map((column) => columnOf(column, json.has(column.name.toLowerCase()), isRowid)),
    primaryKey: primary.map((column) => column.name),
    uniqueKeys: uniqueKeysOf(indexes),
    foreignKeys: [],
    withoutRowid: row.wr === 1,
  }
}

function columnOf(row: ColumnRow, isJson: boolean, isRowid: boolean): Column {
  return {
    name: row.name,
    sqlType: row.type,
    ...declaredType(row.type, isJson),
    nullable: row.notnull === 0 && row.pk === 0,
    default: row.default === null || /^null$/i.test(row.default) ? null : row.default,
    generated: row.hidden === 2 || row.hidden === 3,
    autoIncrement: isRowid && row.pk > 0,
  }
}

function uniqueKeysOf(rows: IndexRow[]): string[][] {
  const indexes = [...Map.groupBy(rows, (row) => row.index).values()]
  const plain = indexes.filter((index) => index[0]?.origin !== 'pk' && index.every((row) => row.cid >= 0))
  return plain.map((index) => index.map((row) => row.column ?? ''))
}

/** SQLite takes names in any case and leaves out the parent's columns when they are its primary key; here they are spelt as the tables spell them. */
function foreignKeysOf(rows: ForeignKeyRow[], table: Table, byName: Map<string, SqliteTable>): ForeignKey[] {
  return [...Map.groupBy(rows, (row) => row.id).values()].map((key) => {
    const parent = byName.get(key[0]?.parent.toLowerCase() ?? '')
    const implicit = key[0]?.to === null
    return {
      columns: key.map((row) => spelt(row.from, table)),
      table: parent?.name ?? key[0]?.parent ?? '',
      references: implicit ? (parent?.primaryKey ?? []) : key.map((row) => spelt(row.to ?? '', parent)),
    }
  })
}

function spelt(name: string, table: Table | undefined): string {
  return table?.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name ?? name
}

/** The columns that find a row again: the hidden rowid under a name that no column took, or the primary key. */
export function identityOf(table: SqliteTable): string[] {
  if (table.withoutRowid) return table.primaryKey
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()))
  return [['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? 'rowid']
}
