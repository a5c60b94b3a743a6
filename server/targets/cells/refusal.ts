import { AppError } from '../../errors.ts'
import type { Cell } from '../target.ts'

const longest = 100

/** Thrown by an encoder: why a value can't go into a column of its type. The writer that knows table, column and row makes an AppError of it. */
export class CellRefusal extends Error {
  override readonly name = 'CellRefusal'
}

/** A value as it may stand in a message: cut, bytes as their number. */
export function cutValue(value: Cell): string {
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  const text = String(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** `row` is the index of the row in its batch. */
export type CellPlace = { table: string; column: string; value: Cell; row?: number }

/** The error of a value that does not fit its column. */
export function valueInvalid(place: CellPlace, reason: string, cause?: unknown): AppError {
  const value = cutValue(place.value)
  return new AppError('value_invalid', `${JSON.stringify(value)} does not fit column "${place.column}" of table "${place.table}": ${reason}.`, {
    details: { table: place.table, column: place.column, value, reason, ...(place.row !== undefined && { row: place.row }) },
    cause,
  })
}
