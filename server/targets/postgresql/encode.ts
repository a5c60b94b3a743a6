import { parseInterval, splitDays } from '../cells/interval.ts'
import { decimalParts, integerOf } from '../cells/number.ts'
import { CellRefusal } from '../cells/refusal.ts'
import { textOf } from '../cells/text.ts'
import { uuidHex, uuidText } from '../cells/uuid.ts'
import type { Cell, Column, ColumnType } from '../target.ts'

/** Makes of a value that is not null the text that PostgreSQL reads. Throws CellRefusal. */
export type Encoder = (value: Exclude<Cell, null>) => string

const encoders: Record<ColumnType, Encoder> = {
  integer: (value) => String(integerOf(value)),
  decimal: decimalText,
  float: floatText,
  boolean: booleanText,
  text: plainText,
  bytes: bytesText,
  json: plainText,
  date: (value) => moment(value, isoDate, 'not a date (YYYY-MM-DD)'),
  time: (value) => moment(value, isoTime, 'not a time of day (HH:MM:SS)'),
  datetime: (value) => moment(value, isoDate, 'not a date and time (ISO 8601)'),
  uuid: (value) => uuidText(uuidHex(textOf(value))),
  interval: intervalValue,
  other: anyText,
}

/** Only what PostgreSQL would take too readily is checked here; the rest it refuses itself. */
export function encoderOf(column: Column): Encoder {
  return encoders[column.type]
}

// PostgreSQL takes `today` and `now` for the moment of the import, and 01/02/2024 for one of two days.
const isoDate = /^(\d{4,}-|-?infinity$)/
const isoTime = /^\d{1,2}:\d{2}/
const specialNumber = /^(nan|[+-]?inf(inity)?)$/i

function moment(value: Cell, pattern: RegExp, reason: string): string {
  const text = plainText(value)
  if (!pattern.test(text)) throw new CellRefusal(reason)
  return text
}

function plainText(value: Cell): string {
  const text = textOf(value)
  if (text.includes('\0')) throw new CellRefusal('the database keeps no U+0000 in text')
  return text
}

function decimalText(value: Cell): string {
  const text = textOf(value)
  if (!decimalParts(text) && !specialNumber.test(text)) throw new CellRefusal('not a decimal number')
  return text
}

function floatText(value: Cell): string {
  if (typeof value === 'number') return String(value)
  const text = textOf(value)
  if (text.trim() === '' || (Number.isNaN(Number(text)) && !specialNumber.test(text))) throw new CellRefusal('not a number')
  return text
}

function booleanText(value: Cell): string {
  if (value === true || value === 1 || value === 1n) return 't'
  if (value === false || value === 0 || value === 0n) return 'f'
  throw new CellRefusal('neither true nor false')
}

function bytesText(value: Cell): string {
  if (!(value instanceof Uint8Array)) throw new CellRefusal('not bytes')
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
}

/** Durations of a fixed length as Django hands them over: days, and seconds that are not negative. Others as they are. */
function intervalValue(value: Cell): string {
  const text = plainText(value)
  const micros = parseInterval(text)
  if (micros !== null) {
    const { days, rest } = splitDays(micros)
    return `${days} days ${rest} microseconds`
  }
  if (!/\d/.test(text)) throw new CellRefusal('not a duration ([D ]HH:MM:SS or ISO 8601)')
  return text
}

function anyText(value: Cell): string {
  return value instanceof Uint8Array ? bytesText(value) : plainText(value)
}
