import { ValueRefused } from './value-refused.ts'

const plainDate = /^\d{4}-\d{2}-\d{2}$/
const looseDate = /^(\d{4})-(\d{1,2})-(\d{1,2})$/
const plainTime = /^\d{1,2}:\d{2}(:\d{2}([.,]\d{1,12})?)?$/
const plainMoment = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,12})?)?(Z|[+-]\d{2}(:?\d{2})?)?$/
// Django's datetime_re: one digit will do for month, day and hour, and a blank may stand before the zone.
const looseMoment = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2}(?::\d{1,2}(?:[.,]\d{1,12})?)?)\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?$/
const offset = /([+-])(\d{2}):?(\d{2})?$/

/** A date as `YYYY-MM-DD`. Whether there is such a day the database says. */
export function dateCell(text: string): string {
  if (plainDate.test(text)) return text
  const [, year, month = '', day = ''] = looseDate.exec(text) ?? []
  if (year === undefined) throw new ValueRefused('not a date (YYYY-MM-DD)')
  return `${year}-${two(month)}-${two(day)}`
}

export function timeCell(text: string): string {
  if (plainTime.test(text)) return text
  throw new ValueRefused('not a time of day (HH:MM[:SS[.ffffff]])')
}

/** A date and time as ISO 8601, with its zone if it has one. A date alone is its midnight, as in Django. */
export function momentCell(text: string): string {
  if (plainMoment.test(text)) return text
  const match = looseMoment.exec(text)
  if (!match) return `${dateCell(text)}T00:00:00`
  const [, year, month = '', day = '', hour = '', rest = '', zone = ''] = match
  const time = rest.split(':').map(two).join(':')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${time}${zone.toUpperCase()}`
}

/** Whether a moment that `momentCell` made has no zone. */
export function isNaive(moment: string): boolean {
  return !moment.endsWith('Z') && !/[+-]\d{2}(:?\d{2})?$/.test(moment.slice(11))
}

/** The same moment in UTC, for a column that keeps no zone. */
export function inUtc(moment: string): string {
  const match = offset.exec(moment.slice(11))
  if (!match) return moment
  const [, sign, hours, minutes = '00'] = match
  const local = moment.slice(0, moment.length - match[0].length)
  const shift = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  const at = new Date(Date.parse(`${local.slice(0, 16).replace(' ', 'T')}:00Z`) - shift * 60_000)
  return `${at.toISOString().slice(0, 16)}${local.slice(16)}Z`
}

function two(digits: string): string {
  return /^\d(?!\d)/.test(digits) ? `0${digits}` : digits
}
