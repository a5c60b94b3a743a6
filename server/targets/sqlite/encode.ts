import { dateText, timeText, utcText } from '../cells/moment.ts'
import { intervalMicros, parseInterval } from '../cells/interval.ts'
import { decimalParts, decimalString, floatOf, integerOf, roundHalfEven } from '../cells/number.ts'
import { CellRefusal } from '../cells/refusal.ts'
import { checkLength, textOf } from '../cells/text.ts'
import { uuidHex, uuidText } from '../cells/uuid.ts'
import type { Cell, Column, ColumnType } from '../target.ts'

export type SqliteValue = string | number | bigint | Uint8Array | null
/** Makes of a value that is not null what SQLite is to keep. Throws CellRefusal. */
export type Encoder = (value: Exclude<Cell, null>) => SqliteValue

const encoders: Record<ColumnType, (column: Column) => Encoder> = {
  integer: integerEncoder,
  decimal: decimalEncoder,
  float: () => floatOf,
  boolean: () => booleanNumber,
  text: textEncoder,
  bytes: () => bytesOf,
  json: jsonEncoder,
  date: () => (value) => dateText(textOf(value)),
  time: () => (value) => timeText(textOf(value)),
  datetime: datetimeEncoder,
  uuid: uuidEncoder,
  interval: () => intervalEncoder,
  other: () => anything,
}

/** How values of a column are stored, as Django's SQLite backend does it, with the checks that SQLite itself does not make. */
export function encoderOf(column: Column): Encoder {
  return encoders[column.type](column)
}

function integerEncoder(column: Column): Encoder {
  // Django keeps a DurationField in a bigint, as microseconds; the schema can't tell.
  if (!/^bigint$/i.test(column.sqlType)) return integerOf
  return (value) => (typeof value === 'string' && value.includes(':') ? (parseInterval(value) ?? integerOf(value)) : integerOf(value))
}

function booleanNumber(value: Cell): number {
  if (value === true || value === 1 || value === 1n) return 1
  if (value === false || value === 0 || value === 0n) return 0
  throw new CellRefusal('neither true nor false')
}

/** The moment of an import stands in row after row. */
function datetimeEncoder(): Encoder {
  const last: { value: Cell; text: string } = { value: null, text: '' }
  return (value) => {
    if (value !== last.value) {
      last.text = utcText(textOf(value))
      last.value = value
    }
    return last.text
  }
}

function textEncoder({ maxLength }: Column): Encoder {
  if (maxLength === null) return textOf
  return (value) => {
    const text = textOf(value)
    if (text.length > maxLength) checkLength(text, maxLength)
    return text
  }
}

/**
 * Decimals are bound as text, and the column's NUMERIC affinity makes integers and doubles of them, as under Django. More digits than a double keeps
 * are refused rather than lost.
 */
function decimalEncoder({ precision, scale }: Column): Encoder {
  return (value) => {
    const parts = decimalParts(textOf(value))
    if (!parts) throw new CellRefusal('not a decimal number')
    const rounded = scale === null ? parts : roundHalfEven(parts, scale)
    if (precision !== null && rounded.whole !== '0' && rounded.whole.length > precision - (scale ?? 0)) {
      throw new CellRefusal(`more than ${precision - (scale ?? 0)} digits before the decimal point`)
    }
    refuseLoss(rounded.whole, rounded.fraction)
    return decimalString(rounded)
  }
}

function refuseLoss(whole: string, fraction: string): void {
  if (whole.length + fraction.length <= 15) return
  const places = fraction.replace(/0+$/, '')
  if (places === '') {
    if (whole.length > 18) throw new CellRefusal('more digits than SQLite keeps exactly')
    return
  }
  const significant = whole === '0' ? places.replace(/^0+/, '') : whole + places
  if (significant.length > 15) throw new CellRefusal('more digits than SQLite keeps exactly (15)')
}

/** Where the column's own condition does not look at it, we do. */
function jsonEncoder({ sqlType }: Column): Encoder {
  if (!/json/i.test(sqlType)) return textOf
  return (value) => {
    const text = textOf(value)
    if (!isJson(text)) throw new CellRefusal('not valid JSON')
    return text
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** char(32) holds the digits alone; in a column declared as uuid they could be taken for a number, so there they keep their dashes. */
function uuidEncoder({ sqlType }: Column): Encoder {
  if (/char/i.test(sqlType)) return (value) => uuidHex(textOf(value))
  return (value) => uuidText(uuidHex(textOf(value)))
}

function bytesOf(value: Cell): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new CellRefusal('not bytes')
}

function intervalEncoder(value: Cell): SqliteValue {
  return typeof value === 'string' ? intervalMicros(value) : integerOf(value)
}

function anything(value: Exclude<Cell, null>): SqliteValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  // A column without affinity would keep 5 as 5.0.
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (Number.isNaN(value)) throw new CellRefusal('not a number')
  return typeof value === 'string' ? textOf(value) : value
}
