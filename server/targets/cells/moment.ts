import { CellRefusal } from './refusal.ts'

const datePattern = /^\d{4}-\d{2}-\d{2}$/
const timePattern = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?$/
const datetimePattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,12})?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/
const plainUtc = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}Z?$/
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** `YYYY-MM-DD` of a day that exists. */
export function dateText(text: string): string {
  if (!datePattern.test(text)) throw new CellRefusal('not a date (YYYY-MM-DD)')
  if (!isDay(text)) throw new CellRefusal('no such day')
  return text
}

/** `HH:MM:SS`, with six digits more when there are any but zeros. */
export function timeText(text: string): string {
  const match = timePattern.exec(text)
  if (!match) throw new CellRefusal('not a time of day (HH:MM:SS)')
  const [, hour = '', minute = '', second = '00', fraction = ''] = match
  if (Number(hour) > 23 || minute > '59' || second > '59') throw new CellRefusal('no such time of day')
  return `${hour.padStart(2, '0')}:${minute}:${second}${microsText(fraction)}`
}

/** `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC; a moment without a zone is taken as it is. */
export function utcText(text: string): string {
  if (plainUtc.test(text)) return plainMoment(text)
  const match = datetimePattern.exec(text)
  if (!match) throw new CellRefusal('not a date and time (ISO 8601)')
  const date = dateText(match[1] ?? '')
  const time = timeText(match[2] ?? '00:00')
  const offset = offsetMinutes(match[3] ?? 'Z')
  return offset === 0 ? `${date} ${time}` : shifted(date, time, offset)
}

function plainMoment(text: string): string {
  if (!isDay(text)) throw new CellRefusal('no such day')
  const time = text.slice(11, 19)
  if (time > '23:59:59' || time.charCodeAt(3) > 53 || time.charCodeAt(6) > 53) throw new CellRefusal('no such time of day')
  return `${text.slice(0, 10)} ${time}`
}

/** Whether the first ten characters name a day of the calendar. */
function isDay(text: string): boolean {
  const year = digitsAt(text, 0) * 100 + digitsAt(text, 2)
  const month = digitsAt(text, 5)
  const day = digitsAt(text, 8)
  if (year === 0 || month === 0 || month > 12 || day === 0) return false
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (daysOfMonth[month - 1] ?? 0) + (leap ? 1 : 0)
}

function digitsAt(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

function microsText(fraction: string): string {
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  return micros === '000000' ? '' : `.${micros}`
}

function offsetMinutes(zone: string): number {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(zone.length > 3 ? -2 : 3) || 0)
  if (hours > 23 || minutes > 59) throw new CellRefusal('no such time zone offset')
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

function shifted(date: string, time: string, offset: number): string {
  const moment = new Date(`${date}T${time.slice(0, 8)}Z`).getTime() - offset * 60_000
  const iso = new Date(moment).toISOString()
  if (!/^\d{4}-/.test(iso) || iso.startsWith('0000')) throw new CellRefusal('out of the range of years')
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${time.slice(8)}`
}
