import { AppError } from '../../errors.ts'
import { CellRefusal, cutValue, valueInvalid } from '../cells/refusal.ts'
import { keyPositions, lacksRequired, pickColumns, refuseGenerated } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, Table, WriteBatch } from '../target.ts'
import type { Connection, Statement } from './connection.ts'
import { encoderOf } from './encode.ts'
import type { Encoder, SqliteValue } from './encode.ts'
import { translateSqlite } from './errors.ts'
import type { ReferencedValues } from './referenced-values.ts'

/** Stores one row, already encoded. */
type Store = (values: SqliteValue[]) => void

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

function writeRows(shape: Shape, rows: Cell[][]): void {
  const { encoders, store, references } = shape
  const width = encoders.length
  const encoded = Array<SqliteValue>(width)
  let at = 0
  let column = 0
  try {
    for (at = 0; at < rows.length; at += 1) {
      const row = rows[at] as Cell[]
      for (column = 0; column < width; column += 1) {
        const value = row[column] as Cell
        encoded[column] = value === null ? null : (encoders[column] as Encoder)(value)
      }
      store(encoded)
      for (const reference of references) reference.add(encoded)
    }
  } catch (thrown) {
    throw explained(thrown, shape, at, rows[at] ?? [], column)
  }
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
  if (!key) return runner(connection.prepare(insertSql(table, names)))
  const positions = keyPositions(table, names, key)
  if (lacksRequired(table, names)) return updateOrInsert(connection, table, names, positions)
  return runner(connection.prepare(`${insertSql(table, names)} ON CONFLICT (${quoteNames(key)}) ${conflictAction(names, key)}`))
}

function runner(statement: Statement): Store {
  return (values) => {
    statement.run(values)
  }
}

function insertSql(table: Table, names: string[]): string {
  if (names.length === 0) return `INSERT INTO main.${quoteName(table.name)} DEFAULT VALUES`
  return `INSERT INTO main.${quoteName(table.name)} (${quoteNames(names)}) VALUES (${names.map(() => '?').join(', ')})`
}

function conflictAction(names: string[], key: string[]): string {
  const changed = names.filter((name) => !key.includes(name)).map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`)
  return changed.length > 0 ? `DO UPDATE SET ${changed.join(', ')}` : 'DO NOTHING'
}

/** An INSERT that lacks a required column fails before SQLite looks at the key, so a row that is there has to be changed first. */
function updateOrInsert(connection: Connection, table: Table, names: string[], positions: number[]): Store {
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
