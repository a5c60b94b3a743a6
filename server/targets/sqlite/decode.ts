import { intervalText } from '../cells/interval.ts'
import { decimalParts, decimalString, safeInteger } from '../cells/number.ts'
import { uuidText } from '../cells/uuid.ts'
import type { Cell, Column } from '../target.ts'

/** What better-sqlite3 reads with safe integers on. */
export type StoredValue = string | number | bigint | Uint8Array | null

const moment = /^(\d{4}-\d{2}-\d{2}) (\d{2}:)/

/**
 * A stored value in the one form of all databases. What does not look like its column's type comes as it is: SQLite keeps anything anywhere. Without a
 * column it is a rowid.
 */
export function decode(value: StoredValue, column: Column | null): Cell {
  if (column === null) return typeof value === 'bigint' ? safeInteger(value) : value
  if (value === null || value instanceof Uint8Array) return value
  if (typeof value === 'bigint') return decodeInteger(value, column)
  if (typeof value === 'number') return column.type === 'decimal' ? plainNumber(value) : value
  if (column.type === 'uuid') return uuidText(value)
  return column.type === 'datetime' ? value.replace(moment, '$1T$2') : value
}

function decodeInteger(value: bigint, column: Column): Cell {
  if (column.type === 'boolean' && (value === 0n || value === 1n)) return value === 1n
  if (column.type === 'decimal') return value.toString()
  if (column.type === 'interval') return intervalText(value)
  return safeInteger(value)
}

/** A double as decimal text without exponent. */
function plainNumber(value: number): string {
  const parts = decimalParts(String(value))
  return parts ? decimalString(parts) : String(value)
}
