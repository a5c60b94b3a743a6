import { AppError } from '../errors.ts'
import { cutValue } from './cells/refusal.ts'
import type { Cell, Table } from './target.ts'

/** The error of a look-up whose key several rows have. */
export function severalRows(table: Table, by: string[], key: Cell[]): AppError {
  const value = key.map(cutValue).join(', ')
  return new AppError('conflict', `Several rows of table "${table.name}" have ${by.join(', ')} = ${value}.`, {
    details: { table: table.name, column: by.join(', '), value },
  })
}
