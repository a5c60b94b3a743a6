import type { Cell, Column, ColumnType } from '../../../targets/target.ts'
import { ExactNumber } from '../record.ts'
import { databaseLiteral } from './database-literals.ts'
import { jsonText } from './json-text.ts'
import { dateCell, inUtc, isNaive, momentCell, timeCell } from './moments.ts'
import { ValueRefused } from './value-refused.ts'

/** Makes of a JSON value that is not null what goes into a column. Throws ValueRefused. */
export type Convert = (value: unknown) => Cell

const makers: Record<ColumnType, (column: Column, naive: () => void) => Convert> = {
  integer: integerConvert,
  decimal: () => (value) => numberText(value),
  float: () => (value) => (typeof value === 'number' ? value : numberText(value)),
  boolean: () => booleanCell,
  text: () => textCell,
  bytes: () => bytesCell,
  json: () => jsonText,
  date: () => (value) => dateCell(stringOf(value)),
  time: () => (value) => timeCell(stringOf(value)),
  datetime: momentConvert,
  uuid: () => (value) => uuidCell(stringOf(value)),
  interval: () => (value) => stringOf(value),
  other: otherConvert,
}

/**
 * How values of a column are taken, with what Django's `to_python` takes readily: digits in a text for a number, `t` for true, a number for a text.
 * Nothing is rounded or cut on the way. `naive` is called for each moment without a zone that a column keeps as one with.
 */
export function converterOf(column: Column, naive: () => void = () => {}): Convert {
  return makers[column.type](column, naive)
}

function integerConvert(column: Column): Convert {
  // Django keeps a DurationField in a bigint where the database has no type for it; the driver counts the microseconds.
  const mayBeDuration = /^bigint$/i.test(column.sqlType)
  return (value) => {
    if (typeof value === 'number') return wholeNumber(value)
    if (typeof value === 'boolean') return value ? 1 : 0
    const text = value instanceof ExactNumber ? value.text : stringOf(value).trim()
    if (/^[+-]?\d+$/.test(text)) return text.length <= 15 ? Number(text) : text
    if (value instanceof ExactNumber && /^-?\d+\.0+$/.test(text)) return text.slice(0, text.indexOf('.'))
    if (mayBeDuration && text.includes(':')) return text
    throw new ValueRefused('not a whole number')
  }
}

function wholeNumber(value: number): number {
  if (!Number.isInteger(value)) throw new ValueRefused('not a whole number')
  return value + 0
}

function numberText(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value instanceof ExactNumber) return value.text
  return stringOf(value).trim()
}

function booleanCell(value: unknown): Cell {
  if (typeof value === 'boolean') return value
  if (value === 1 || (typeof value === 'string' && /^(1|t|true)$/i.test(value))) return true
  if (value === 0 || (typeof value === 'string' && /^(0|f|false)$/i.test(value))) return false
  throw new ValueRefused('neither true nor false')
}

function textCell(value: unknown): Cell {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  // As Python's str() writes them.
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return jsonText(value)
}

function bytesCell(value: unknown): Cell {
  const text = stringOf(value)
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw new ValueRefused('not base64')
  return Buffer.from(text, 'base64')
}

function momentConvert(column: Column, naive: () => void): Convert {
  const keepsNoZone = column.sqlType.includes('without time zone')
  return (value) => {
    const moment = momentCell(stringOf(value))
    if (keepsNoZone) return inUtc(moment)
    if (isNaive(moment)) naive()
    return moment
  }
}

/** As the drivers read it back, so that keys can be compared. */
function uuidCell(text: string): string {
  const digits = text.replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) throw new ValueRefused('not a UUID')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

function otherConvert(column: Column): Convert {
  return (value) => (typeof value === 'number' || typeof value === 'boolean' ? value : databaseLiteral(column.sqlType, value))
}

function stringOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (value instanceof ExactNumber) return value.text
  throw new ValueRefused(typeof value === 'boolean' ? 'true and false are nothing for this type' : 'a list or an object is nothing for this type')
}
