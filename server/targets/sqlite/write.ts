import { AppError } from '../../errors.ts'
import { CellRefusal, cutValue, valueInvalid } from '../cells/refusal.ts'
import { columnsOf, keyPositions, lacksRequired, pickColumns, refuseGenerated } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, Table, WriteBatch } from '../target.ts'
import type { Connection } from './connection.ts'
import { encoderOf } from './encode.ts'
import type { Encoder, SqliteValue } from './encode.ts'
import { translateSqlite } from './errors.ts'
import type { ReferencedValues } from './referenced-values.ts'
import { RowBlocks } from './row-blocks.ts'
import type { NamedValues } from './row-blocks.ts'

/** Stores rows that are encoded already: one, or where there are `blocks`, many at a time. */
type Store = { one: (values: SqliteValue[], named: NamedValues) => void; blocks: RowBlocks | null }

export type BatchShape = Omit<WriteBatch, 'rows'>

/** A compiled batch shape: the same table, columns and key again cost no preparation. */
export type Writer = (batch: Pick<WriteBatch, 'rows' | 'same'>) => void

/** `columns` are those of the rows and then those that are the same in all of them, of which there are values in `same`. */
type Shape = { table: Table; columns: Column[]; width: number; encoders: Encoder[]; store: Store; references: ReferencedValues[]; same: Cell[] }

/**
 * Compiles how rows of these columns are written. See `WriteBatch` for what a key means. `references` gather what foreign keys are given; with them, and where
 * `needsWholeRows` says so, a batch has to be spelled out.
 */
export function compileWriter(
  connection: Connection,
  { table, columns: names, key, same, absent }: BatchShape,
  references: ReferencedValues[],
): Writer {
  const columns = pickColumns(table, columnsOf({ columns: names, ...(same && { same }) }))
  refuseGenerated(table, columns)
  const encoders = columns.map(encoderOf)
  const store = compileStore(connection, table, { names, same: same?.columns ?? [], key, absent: absent === true })
  return ({ rows, same: now }) => writeRows({ table, columns, width: names.length, encoders, store, references, same: now?.values ?? [] }, rows)
}

/** Whether rows of these columns can only be written value by value. */
export function needsWholeRows({ table, columns, key, same }: BatchShape): boolean {
  return columns.length === 0 || (key !== undefined && lacksRequired(table, columnsOf({ columns, ...(same && { same }) })))
}

/** Where in a batch the writing is: the row and the column that an error is about. */
type Place = { row: number; column: number }

function writeRows(shape: Shape, rows: Cell[][]): void {
  const place: Place = { row: 0, column: 0 }
  try {
    const named = encodeSame(shape, place)
    if (shape.store.blocks && rows.length > 1 && writeBlocks(shape, shape.store.blocks, rows, named)) return
    for (; place.row < rows.length; place.row += 1) {
      const encoded: SqliteValue[] = []
      encodeRow(shape, rows[place.row] as Cell[], encoded, place)
      shape.store.one(encoded, named)
    }
  } catch (thrown) {
    throw explained(thrown, shape, place.row, rows[place.row] ?? [], place.column)
  }
}

/** Stores all rows or none of them. Answers whether it did: which row is at fault shows when they are stored one by one. */
function writeBlocks(shape: Shape, blocks: RowBlocks, rows: Cell[][], named: NamedValues): boolean {
  const place: Place = { row: 0, column: 0 }
  return blocks.whole(() => {
    while (place.row < rows.length) {
      const count = blocks.next(rows.length - place.row)
      const encoded: SqliteValue[] = []
      for (const end = place.row + count; place.row < end; place.row += 1) encodeRow(shape, rows[place.row] as Cell[], encoded, place)
      blocks.store(count, encoded, named)
    }
  })
}

function encodeSame({ encoders, width, same }: Shape, place: Place): NamedValues {
  const named: NamedValues = {}
  for (const [at, value] of same.entries()) {
    place.column = width + at
    named[sameName(at)] = value === null ? null : (encoders[width + at] as Encoder)(value)
  }
  return named
}

function sameName(at: number): string {
  return `same${at}`
}

/** Adds the values of a row to `encoded`, and notes what its foreign keys refer to. */
function encodeRow({ encoders, width, references }: Shape, row: Cell[], encoded: SqliteValue[], place: Place): void {
  const from = encoded.length
  for (place.column = 0; place.column < width; place.column += 1) {
    const value = row[place.column] as Cell
    encoded.push(value === null ? null : (encoders[place.column] as Encoder)(value))
  }
  for (const reference of references) reference.add(encoded, from)
}

/** The error of a row: with table, column and value as far as they are known. */
function explained(thrown: unknown, { table, columns, same }: Shape, row: number, own: Cell[], at: number): unknown {
  const cells = [...own, ...same]
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

function compileStore(
  connection: Connection,
  table: Table,
  { names, same, key, absent }: { names: string[]; same: string[]; key: string[] | undefined; absent: boolean },
): Store {
  const all = [...names, ...same]
  const positions = key ? keyPositions(table, all, key) : []
  if (key && lacksRequired(table, all)) return { one: updateOrInsert(connection, table, names, positions), blocks: null }
  const conflict = key && !absent ? ` ON CONFLICT (${quoteNames(key)}) ${conflictAction(all, key)}` : ''
  const sqlFor = (rows: number): string => `${insertSql(table, names, same, rows)}${conflict}`
  const statement = connection.prepare(sqlFor(1))
  const one: Store['one'] = (values, named) => void statement.run(values, named)
  return { one, blocks: names.length === 0 ? null : new RowBlocks(connection, names.length, sqlFor) }
}

function insertSql(table: Table, names: string[], same: string[] = [], rows = 1): string {
  if (names.length === 0) return `INSERT INTO main.${quoteName(table.name)} DEFAULT VALUES`
  const row = `(${[...names.map(() => '?'), ...same.map((_, at) => `@${sameName(at)}`)].join(', ')})`
  return `INSERT INTO main.${quoteName(table.name)} (${quoteNames([...names, ...same])}) VALUES ${Array<string>(rows).fill(row).join(', ')}`
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
