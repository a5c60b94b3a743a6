import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const hour = 3_600_000

/** Numbers, sizes, times and dates in the person's language, with Latin digits everywhere so that figures can be compared and copied. */
export function useFormat() {
  const { locale } = useI18n()
  const tag = computed(() => `${locale.value}-u-nu-latn`)

  const number = (value: number): string => new Intl.NumberFormat(tag.value).format(value)

  /** 0 to 100. Never 100 before it is. */
  const percent = (value: number): string =>
    new Intl.NumberFormat(tag.value, { style: 'percent', maximumFractionDigits: value < 100 && value > 0 ? 1 : 0, roundingMode: 'floor' }).format(
      value / 100,
    )

  const bytes = (value: number): string => {
    // 999.5 of one would be rounded to a thousand: they are one of the next.
    const step = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value / 0.9995) / 3))
    const scaled = value / 1000 ** step
    return new Intl.NumberFormat(tag.value, {
      style: 'unit',
      unit: units[step] ?? 'byte',
      unitDisplay: step === 0 ? 'long' : 'short',
      maximumFractionDigits: scaled < 10 && step > 0 ? 1 : 0,
    }).format(scaled)
  }

  /** Milliseconds, in its two largest units. */
  const duration = (ms: number): string => {
    const seconds = Math.max(0, Math.round(ms / 1000))
    const parts: [number, string][] = [
      [Math.floor(seconds / 86_400), 'day'],
      [Math.floor(seconds / 3600) % 24, 'hour'],
      [Math.floor(seconds / 60) % 60, 'minute'],
      [seconds % 60, 'second'],
    ]
    const start = Math.max(
      0,
      parts.findIndex(([value]) => value > 0),
    )
    const shown = seconds === 0 ? parts.slice(3) : parts.slice(start, start + 2).filter(([value], index) => index === 0 || value > 0)
    return shown.map(([value, unit]) => new Intl.NumberFormat(tag.value, { style: 'unit', unit, unitDisplay: 'narrow' }).format(value)).join(' ')
  }

  /** How long something took that is over: less than a second is not nothing. */
  const took = (ms: number): string =>
    ms < 1000 ? new Intl.NumberFormat(tag.value, { style: 'unit', unit: 'millisecond', unitDisplay: 'narrow' }).format(ms) : duration(ms)

  /** Names one after another, as a sentence would. */
  const list = (names: readonly string[]): string => new Intl.ListFormat(tag.value, { type: 'conjunction' }).format(names)

  const dateTime = (iso: string): string => new Intl.DateTimeFormat(tag.value, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
  /** A day as YYYY-MM-DD, which is the person's own day. */
  const day = (text: string): string => new Intl.DateTimeFormat(tag.value, { dateStyle: 'medium' }).format(new Date(`${text}T00:00`))
  const clock = (iso: string): string =>
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(iso))

  /** "5 minutes ago", and a date when it is longer ago than a day. */
  const ago = (iso: string, now: number): string => {
    const past = now - Date.parse(iso)
    if (past >= 24 * hour) return dateTime(iso)
    const relative = new Intl.RelativeTimeFormat(tag.value, { numeric: 'auto' })
    if (past < 60_000) return relative.format(0, 'second')
    return past < hour ? relative.format(-Math.floor(past / 60_000), 'minute') : relative.format(-Math.floor(past / hour), 'hour')
  }

  return { number, percent, bytes, duration, took, list, dateTime, day, clock, ago }
}
