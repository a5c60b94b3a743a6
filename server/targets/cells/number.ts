import type { Cell } from '../target.ts'
import { CellRefusal } from './refusal.ts'

const digits = /^[+-]?\d+$/
const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
const smallest = -(2n ** 63n)
const largest = 2n ** 63n - 1n

/** A 64-bit integer: a number where a double holds it, a bigint where not. */
export function integerOf(value: Cell): number | bigint {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value
    throw new CellRefusal(Number.isInteger(value) ? 'the number is too large to be exact' : 'not a whole number')
  }
  if (typeof value === 'bigint') return inRange(value)
  if (typeof value !== 'string' || !digits.test(value)) throw new CellRefusal('not a whole number')
  return value.length <= 15 ? Number(value) : inRange(BigInt(value))
}

function inRange(value: bigint): bigint {
  if (value < smallest || value > largest) throw new CellRefusal('out of the range of a 64-bit integer')
  return value
}

/** A number where a double holds it exactly. */
export function safeInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

/** A finite double. */
export function floatOf(value: Cell): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint') return Number(value)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (!Number.isFinite(number)) throw new CellRefusal('not a number')
  return number
}

/** The digits of a decimal without exponent: sign, digits before and after the point. Null when the text is no decimal. */
export type DecimalParts = { negative: boolean; whole: string; fraction: string }

export function decimalParts(text: string): DecimalParts | null {
  const match = decimalText.exec(text)
  if (!match || (match[2] === '' && !match[3])) return null
  let whole = match[2] ?? ''
  let fraction = match[3] ?? ''
  const exponent = Number(match[4] ?? 0)
  if (exponent > 0) {
    fraction = fraction.padEnd(exponent, '0')
    whole += fraction.slice(0, exponent)
    fraction = fraction.slice(exponent)
  } else if (exponent < 0) {
    whole = whole.padStart(-exponent, '0')
    fraction = whole.slice(exponent) + fraction
    whole = whole.slice(0, exponent)
  }
  return { negative: match[1] === '-', whole: whole.replace(/^0+/, '') || '0', fraction }
}

/** Rounds half to even, as Django does before it hands a decimal to SQLite: 1.005 with two places is 1.00, 1.015 is 1.02. */
export function roundHalfEven(parts: DecimalParts, scale: number): DecimalParts {
  if (parts.fraction.length <= scale) return parts
  const kept = parts.whole + parts.fraction.slice(0, scale)
  const rest = parts.fraction.slice(scale)
  const first = rest.charCodeAt(0) - 48
  const exactHalf = first === 5 && /^50*$/.test(rest)
  const up = exactHalf ? (kept.charCodeAt(kept.length - 1) - 48) % 2 === 1 : first >= 5
  const rounded = (BigInt(kept) + (up ? 1n : 0n)).toString().padStart(scale + 1, '0')
  return { negative: parts.negative, whole: rounded.slice(0, rounded.length - scale), fraction: rounded.slice(rounded.length - scale) }
}

export function decimalString({ negative, whole, fraction }: DecimalParts): string {
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`
}
