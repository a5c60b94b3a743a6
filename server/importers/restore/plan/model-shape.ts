import { randomUUID } from 'node:crypto'
import type { Cell, Column, Table } from '../../../targets/target.ts'
import { literalDefault } from '../schema/column-default.ts'
import { knownDefault } from '../schema/django-models.ts'
import { converterOf } from '../values/convert.ts'
import type { RowShape } from './draft.ts'

/** Whether a record says which row it is: `given` a key, `null`, or nothing at all (natural primary keys). */
export type KeyMode = 'given' | 'null' | 'absent'

/** The columns of the rows of one form of record, and what stands in those that the record says nothing of. */
export type Columns = {
  names: string[]
  /** The ways to find the row that is there; see `Draft.shapes`. */
  shapes: RowShape[]
  /** What the record does not give, from position `from` on. */
  from: number
  filled: (Cell | (() => Cell))[]
}

/**
 * Settles the columns for records that give `own` columns, the primary key first when its mode is `given`. A column that the record has no field for is
 * reset, as loaddata resets it to the default of the model: to the default that the database declares, else to NULL, else to ''. One for which there is
 * none of these is left out: in a row that is there it keeps its value, a new row is refused by the database.
 */
export function settleColumns(table: Table, own: string[], mode: KeyMode, now: string): Columns {
  const names = [...own]
  const filled: (Cell | (() => Cell))[] = []
  for (const column of table.columns) {
    if (own.includes(column.name) || column.generated) continue
    const value = table.primaryKey.includes(column.name) ? newKey(table, column) : resetValue(table, column, now)
    if (value === undefined) continue
    names.push(column.name)
    filled.push(value)
  }
  return { names, shapes: shapesOf(table, names, own, mode), from: own.length, filled }
}

/** Django gives a UUID key to a row that has none; any other key the database gives. */
function newKey(table: Table, column: Column): (() => Cell) | undefined {
  const generated = table.primaryKey.length === 1 && column.type === 'uuid' && column.default === null && !column.autoIncrement
  return generated ? () => randomUUID() : undefined
}

function resetValue(table: Table, column: Column, now: string): Cell | undefined {
  const known = knownDefault(table.name, column.name)
  if (known !== undefined) return known === 'now' ? now : known
  if (column.default !== null) {
    const literal = literalDefault(column)
    if (literal === undefined || literal === null) return literal
    return column.type === 'json' || column.type === 'other' || column.type === 'bytes' ? undefined : converterOf(column)(literal)
  }
  if (column.nullable) return null
  return column.type === 'text' ? '' : undefined
}

function shapesOf(table: Table, names: string[], own: string[], mode: KeyMode): RowShape[] {
  const isOwn = (key: string[]): boolean => key.length > 0 && key.every((column) => own.includes(column))
  const primary = isOwn(table.primaryKey) ? [table.primaryKey] : []
  const natural = mode === 'absent' && primary.length === 0 ? table.uniqueKeys.filter(isOwn) : []
  const primaryAt =
    table.primaryKey.length > 0 && table.primaryKey.every((column) => names.includes(column)) ? positions(names, table.primaryKey) : null
  const keyed = [...primary, ...natural].map((key) => ({ table, columns: names, key, keyAt: positions(names, key), primaryAt }))
  return primary.length > 0 ? keyed : [...keyed, { table, columns: names, key: null, keyAt: [], primaryAt }]
}

function positions(names: string[], key: string[]): number[] {
  return key.map((column) => names.indexOf(column))
}
