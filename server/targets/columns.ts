import { AppError } from '../errors.ts'
import type { Cell, Column, Table, WriteBatch } from './target.ts'

/** The columns of a table by their names. Throws `column_missing` for one that is not there, `target_refused` for one that the database computes. */
export function pickColumns(table: Table, names: string[]): Column[] {
  return names.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name)
    if (!column) {
      throw new AppError('column_missing', `Table "${table.name}" has no column "${name}".`, { details: { table: table.name, column: name } })
    }
    return column
  })
}

/** Throws `target_refused` when a column is one that the database computes. */
export function refuseGenerated(table: Table, columns: Column[]): void {
  const computed = columns.find((column) => column.generated)
  if (!computed) return
  throw new AppError('target_refused', `Column "${computed.name}" of table "${table.name}" is computed by the database and can't be written.`, {
    details: { table: table.name, column: computed.name },
  })
}

/** The columns of a batch, those last that hold the same in every row. */
export function columnsOf({ columns, same }: Pick<WriteBatch, 'columns' | 'same'>): string[] {
  return same ? [...columns, ...same.columns] : columns
}

/** The same batch, each row with all its values. */
export function spelledOut({ same, ...batch }: WriteBatch): WriteBatch {
  if (!same) return batch
  return { ...batch, columns: columnsOf({ ...batch, same }), rows: batch.rows.map((row) => [...row, ...same.values]) }
}

/** Whether a row of these columns alone can't be inserted, so that a key must be changed by UPDATE before anything is inserted. */
export function lacksRequired(table: Table, names: string[]): boolean {
  return table.columns.some(
    (column) => !column.nullable && !column.default && !column.generated && !column.autoIncrement && !names.includes(column.name),
  )
}

/** Where each of the wanted names stands among `names`. Throws `target_refused` when the key is not part of what is written. */
export function keyPositions(table: Table, names: string[], key: string[]): number[] {
  return key.map((name) => {
    const at = names.indexOf(name)
    if (at >= 0) return at
    throw new AppError('target_refused', `The key column "${name}" of table "${table.name}" is not among the columns written.`, {
      details: { table: table.name, column: name },
    })
  })
}

/** Two cells are the same link when they are written the same way. */
export function sameText(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell)
}
