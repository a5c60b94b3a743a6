import { createHash } from 'node:crypto'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Column, ColumnType, ForeignKey, Table } from '../target.ts'

const types: Record<ColumnType, (column: Column) => string> = {
  integer: () => 'integer',
  decimal: ({ precision, scale }) => (precision === null ? 'decimal' : `decimal(${precision}, ${scale ?? 0})`),
  float: () => 'real',
  boolean: () => 'bool',
  text: ({ maxLength }) => (maxLength === null ? 'text' : `varchar(${maxLength})`),
  bytes: () => 'BLOB',
  json: () => 'text',
  date: () => 'date',
  time: () => 'time',
  datetime: () => 'datetime',
  uuid: () => 'char(32)',
  interval: () => 'interval',
  other: ({ sqlType }) => (/^[\w ]+(\(\d+(, ?\d+)?\))?$/.test(sqlType) ? sqlType : ''),
}

/** The statements that make a table, with types as Django declares them in SQLite, and an index for each foreign key that no key serves. */
export function createTableSql(table: Table): string[] {
  const single = table.primaryKey.length === 1 ? table.primaryKey[0] : undefined
  const parts = [
    ...table.columns.map((column) => columnSql(column, column.name === single)),
    ...(table.primaryKey.length > 1 ? [`PRIMARY KEY (${quoteNames(table.primaryKey)})`] : []),
    ...table.uniqueKeys.map((key) => `UNIQUE (${quoteNames(key)})`),
    ...table.foreignKeys.map(foreignKeySql),
  ]
  const indexed = table.foreignKeys.map((key) => key.columns).filter((columns) => !isServed(table, columns))
  return [`CREATE TABLE main.${quoteName(table.name)} (${parts.join(', ')})`, ...indexed.map((columns) => indexSql(table.name, columns))]
}

function columnSql(column: Column, isKey: boolean): string {
  const name = quoteName(column.name)
  const words = [name, types[column.type](column)]
  if (!column.nullable) words.push('NOT NULL')
  if (isKey) words.push(column.autoIncrement && column.type === 'integer' ? 'PRIMARY KEY AUTOINCREMENT' : 'PRIMARY KEY')
  if (column.default !== null) words.push(`DEFAULT (${column.default})`)
  if (column.type === 'json') words.push(`CHECK (JSON_VALID(${name}) OR ${name} IS NULL)`)
  return words.join(' ')
}

function foreignKeySql(key: ForeignKey): string {
  return `FOREIGN KEY (${quoteNames(key.columns)}) REFERENCES ${quoteName(key.table)} (${quoteNames(key.references)}) DEFERRABLE INITIALLY DEFERRED`
}

/** Whether a key of the table begins with these columns. */
function isServed(table: Table, columns: string[]): boolean {
  return [table.primaryKey, ...table.uniqueKeys].some((key) => columns.every((column, at) => key[at] === column))
}

function indexSql(table: string, columns: string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([table, columns]))
    .digest('hex')
    .slice(0, 8)
  return `CREATE INDEX main.${quoteName(`${table}_${columns.join('_')}_${hash}`)} ON ${quoteName(table)} (${quoteNames(columns)})`
}
