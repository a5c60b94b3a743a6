import { CellRefusal } from './refusal.ts'

// Django's str_duration, also with the word that PostgreSQL puts after the days.
const standard = /^(?:(-?\d+) (?:days?,? )?)?([+-]?)(?:(\d+):)?(\d+):(\d+)(?:[.,](\d{1,6})\d{0,6})?$/
const iso8601 = /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,6})\d{0,6})?S)?)?$/
const secondMicros = 1_000_000n
const dayMicros = 86_400n * secondMicros

/** A duration in microseconds, or null when the text is none of a fixed length (months and years have none). */
export function parseInterval(text: string): bigint | null {
  const plain = standard.exec(text)
  if (plain) {
    const time = clock(plain[3], plain[4], plain[5], plain[6])
    return BigInt(plain[1] ?? 0) * dayMicros + (plain[2] === '-' ? -time : time)
  }
  const iso = iso8601.exec(text)
  if (!iso || /[PT]$/.test(text)) return null
  const days = BigInt(iso[2] ?? 0) * 7n + BigInt(iso[3] ?? 0)
  const total = days * dayMicros + clock(iso[4], iso[5], iso[6], iso[7])
  return iso[1] === '-' ? -total : total
}

function clock(hours = '0', minutes = '0', seconds = '0', fraction = ''): bigint {
  return (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * secondMicros + BigInt(fraction.padEnd(6, '0'))
}

export function intervalMicros(text: string): bigint {
  const micros = parseInterval(text)
  if (micros === null) throw new CellRefusal('not a duration ([D ]HH:MM:SS or ISO 8601)')
  return micros
}

/** Whole days, which are negative when the duration is, and what is left of a day: never negative. */
export function splitDays(micros: bigint): { days: bigint; rest: bigint } {
  const rest = ((micros % dayMicros) + dayMicros) % dayMicros
  return { days: (micros - rest) / dayMicros, rest }
}

/** `[D ]HH:MM:SS[.ffffff]`, as Django writes it. */
export function intervalText(micros: bigint): string {
  const { days, rest } = splitDays(micros)
  const seconds = rest / secondMicros
  const two = (value: bigint): string => value.toString().padStart(2, '0')
  const time = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  const fraction = rest % secondMicros
  return `${days ? `${days} ` : ''}${time}${fraction ? `.${fraction.toString().padStart(6, '0')}` : ''}`
}
