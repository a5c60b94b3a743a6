import { ExactNumber } from '../record.ts'

/** JSON.parse that gives every number which a double would change, or whose trailing zeros it would drop, as `ExactNumber`. Several times slower. */
export function parseExact(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || context?.source === undefined) return value
    return keepsValue(value, context.source) ? value : new ExactNumber(context.source)
  }) as (key: string, value: unknown) => unknown)
}

/** Whether the double says all that the text said: no digit lost, no zero of a fraction dropped. */
function keepsValue(value: number, source: string): boolean {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return false
  const written = String(value)
  if (written === source) return true
  return !/\.\d*0(?!\d)/.test(source) && canonical(written) === canonical(source)
}

/** The digits without outer zeros, and the power of ten of the last: `1.5e3` and `1500` are both `15e2`. The sign of zero is left out. */
function canonical(number: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
