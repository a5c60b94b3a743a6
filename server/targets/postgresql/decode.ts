import { intervalText, parseInterval } from '../cells/interval.ts'
import { safeInteger } from '../cells/number.ts'
import type { Cell, Column, ColumnType } from '../target.ts'

type Decoder = (text: string) => Cell

const decoders: Partial<Record<ColumnType, Decoder>> = {
  integer: (text) => (text.length <= 15 ? Number(text) : safeInteger(BigInt(text))),
  float: Number,
  boolean: (text) => text === 't',
  bytes: (text) => Buffer.from(text.slice(2), 'hex'),
  time: sixDigits,
  datetime: isoMoment,
  interval: (text) => {
    const micros = parseInterval(text)
    return micros === null ? text : intervalText(micros)
  },
}

/** What PostgreSQL writes in the one form of all databases; what it alone understands stays as it is. */
export function decode(text: string | null, column: Column): Cell {
  return text === null ? null : (decoders[column.type]?.(text) ?? text)
}

/** `2024-03-10 12:34:56.5+00` as `2024-03-10T12:34:56.500000Z`. Years before Christ and infinity stay as they are. */
function isoMoment(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?$/.exec(text)
  return match ? `${match[1]}T${sixDigits(match[2] ?? '')}${match[3] ? 'Z' : ''}` : text
}

function sixDigits(time: string): string {
  const point = time.indexOf('.')
  return point < 0 ? time : time.padEnd(point + 7, '0')
}
