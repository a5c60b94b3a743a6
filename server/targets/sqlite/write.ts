import { AppError } from '../../errors.ts'
import { CellRefusal, cutValue, valueInvalid } from '../cells/refusal.ts'
import { keyPositions, lacksRequired, pickColumns, refuseGenerated } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, Table, WriteBatch } from '../target.ts'
import type { Connection } from './connection.ts'
import { encoderOf } from './encode.ts'
import type { Encoder, SqliteValue } from './encode.ts'
import { translateSqlite } from './errors.ts'
import type { ReferencedValues } from './referenced-values.ts'
import { RowBlocks } from './row-blocks.ts'

/** Stores rows that are encoded already: one, or where there are `blocks`, many at a time. */
type Store = { one: (values: SqliteValue[]) => void; blocks: RowBlocks | null }

export type BatchShape = Omit<WriteBatch, 'rows'>

/** A compiled batch shape: the same table, columns and key again cost no preparation. */
export type Writer = (rows: Cell[][]) => void

type Shape = { table: Table; columns: Column[]; encoders: Encoder[]; store: Store; references: ReferencedValues[] }

/** Compiles how rows of these columns are written. See `WriteBatch` for what a key means. `references` gather what foreign keys are given. */
export function compileWriter(connection: Connection, { table, columns: names, key }: BatchShape, references: ReferencedValues[]): Writer {
  const columns = pickColumns(table, names)
  refuseGenerated(table, columns)
  const encoders = columns.map(encoderOf)
  const store = compileStore(connection, table, names, key)
  return (rows) => writeRows({ table, columns, encoders, store, references }, rows)
}

/** Where in a batch the writing is: the row and the column that an error is about. */
type Place = { row: number; column: number }

function writeRows(shape: Shape, rows: Cell[][]): void {
  const place: Place = { row: 0, column: 0 }
  try {
    while (place.row < rows.length) {
      const count = shape.store.blocks?.next(rows.length - place.row) ?? 0
      if (count > 0) writeBlock(shape, shape.store.blocks as RowBlocks, rows, place, count)
      else writeRow(shape, rows, place)
    }
  } catch (thrown) {
    throw explained(thrown, shape, place.row, rows[place.row] ?? [], place.column)
  }
}

function writeRow(shape: Shape, rows: Cell[][], place: Place): void {
  const encoded: SqliteValue[] = []
  encodeRow(shape, rows[place.row] as Cell[], encoded, place)
  shape.store.one(encoded)
  place.row += 1
}

function writeBlock(shape: Shape, blocks: RowBlocks, rows: Cell[][], place: Place, count: number): void {
  const from = place.row
  const encoded: SqliteValue[] = []
  for (; place.row < from + count; place.row += 1) encodeRow(shape, rows[place.row] as Cell[], encoded, place)
  if (blocks.run(count, encoded)) return
  const width = shape.encoders.length
  for (place.row = from; place.row < from + count; place.row += 1) {
    const at = (place.row - from) * width
    shape.store.one(encoded.slice(at, at + width))
  }
}

/** Adds the values of a row to `encoded`, and notes what its foreign keys refer to. */
function encodeRow({ encoders, references }: Shape, row: Cell[], encoded: SqliteValue[], place: Place): void {
  const from = encoded.length
  for (place.column = 0; place.column < encoders.length; place.column += 1) {
    const value = row[place.column] as Cell
    encoded.push(value === null ? null : (encoders[place.column] as Encoder)(value))
  }
  for (const reference of references) reference.add(encoded, from)
}

/** The error of a row: with table, column and value as far as they are known. */
function explained(thrown: unknown, { table, columns }: { table: Table; columns: Column[] }, row: number, cells: Cell[], at: number): unknown {
  if (thrown instanceof CellRefusal) {
    return valueInvalid({ table: table.name, column: columns[at]?.name ?? '', value: cells[at] ?? null, row }, thrown.message, thrown)
  }
  const error = translateSqlite(thrown)
  if (!(error instanceof AppError)) return error
  const failed = checkedColumn(error, columns)
  if (failed >= 0) {
    const place = { table: table.name, column: columns[failed]?.name ?? '', value: cells[failed] ?? null, row }
    return valueInvalid(
      place,
      columns[failed]?.type === 'json' ? 'not valid JSON' : `a condition of the table forbids it (${String(error.details?.constraint)})`,
      error,
    )
  }
  const refused = (error.details?.columns ?? [error.details?.column]) as unknown[]
  const values = columns.flatMap((column, index) => (refused.includes(column.name) ? [cutValue(cells[index] ?? null)] : []))
  const { columns: _all, ...known } = error.details ?? {}
  const details = { table: table.name, ...known, ...(values.length > 0 && { value: values.join(', ') }), row }
  return new AppError(error.code, error.message, { details, retryable: error.retryable, cause: error.cause })
}

/** Of a condition SQLite tells the text alone, cut to its first name when it begins with one in quotes: where the one column stands that it names, or -1. */
function checkedColumn(error: AppError, columns: Column[]): number {
  const condition = error.details?.constraint
  if (typeof condition !== 'string') return -1
  const named = columns.filter(({ name }) => condition === name || condition.includes(quoteName(name)))
  return named.length === 1 ? columns.indexOf(named[0] as Column) : -1
}

function compileStore(connection: Connection, table: Table, names: string[], key: string[] | undefined): Store {
  const positions = key ? keyPositions(table, names, key) : []
  if (key && lacksRequired(table, names)) return { one: updateOrInsert(connection, table, names, positions), blocks: null }
  const conflict = key ? ` ON CONFLICT (${quoteNames(key)}) ${conflictAction(names, key)}` : ''
  const sqlFor = (rows: number): string => `${insertSql(table, names, rows)}${conflict}`
  const statement = connection.prepare(sqlFor(1))
  const one = (values: SqliteValue[]): void => void statement.run(values)
  return { one, blocks: names.length === 0 ? null : new RowBlocks(connection, names.length, sqlFor) }
}

function insertSql(table: Table, names: string[], rows = 1): string {
  if (names.length === 0) return `INSERT INTO main.${quoteName(table.name)} DEFAULT VALUES`
  const row = `(${names.map(() => '?').join(', ')})`
  return `INSERT INTO main.${quoteName(table.name)} (${quoteNames(names)}) VALUES ${Array<string>(rows).fill(row).join(', ')}`
}

function conflictAction(names: string[], key: string[]): string {
  const changed = names.filter((name) => !key.includes(name)).map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`)
  return changed.length > 0 ? `DO UPDATE SET ${changed.join(', ')}` : 'DO NOTHING'
}

/** An INSERT that lacks a required column fails before SQLite looks at the key, so a row that is there has to be changed first. */
function updateOrInsert(connection: Connection, table: Table, names: string[], positions: number[]): Store['one'] {
  const rest = names.map((_, at) => at).filter((at) => !positions.includes(at))
  const assignments = (rest.length > 0 ? rest : positions).map((at) => `${quoteName(names[at] ?? '')} = ?`)
  const conditions = positions.map((at) => `${quoteName(names[at] ?? '')} = ?`)
  const update = connection.prepare(`UPDATE main.${quoteName(table.name)} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`)
  const insert = connection.prepare(insertSql(table, names))
  const order = [...(rest.length > 0 ? rest : positions), ...positions]
  return (values) => {
    const changed = update.run(order.map((at) => values[at] ?? null)).changes
    if (changed === 0) insert.run(values)
  }
}
