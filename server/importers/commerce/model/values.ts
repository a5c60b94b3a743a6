import type { XmlElement } from '../read/element.ts'
import { child, stated } from '../read/element.ts'
import { RecordRefused } from './problem.ts'

/** SQLite keeps so many digits exactly; no price and no quantity has more. */
const mostDigits = 15

/** Nearly all numbers are written so: no more digits than that, and nothing to take away but zeros of the fraction. */
const plainNumber = /^(?:0|[1-9]\d{0,9})(?:\.\d{1,5})?$/

/**
 * A number as decimal text in its shortest form (`10.50` is `10.5`): a point or a comma before the fraction, blanks and no-break spaces between the
 * thousands. Never a float. Throws `value_invalid`.
 */
export function decimal(text: string, what: string): string {
  if (plainNumber.test(text)) return text.includes('.') ? text.replace(/\.?0+$/, '') : text
  const plain = text.replaceAll(/[\s\u00a0\u202f']/g, '')
  const match = /^([+-]?)(\d*)(?:[.,](\d*))?$/.exec(plain)
  if (!match || (match[2] === '' && !match[3])) throw new RecordRefused('value_invalid', `${what} is no number: “${text.slice(0, 60)}”.`)
  const whole = (match[2] ?? '').replace(/^0+/, '') || '0'
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if ((whole === '0' ? 0 : whole.length) + fraction.length > mostDigits)
    throw new RecordRefused('value_invalid', `${what} has more than ${mostDigits} digits: “${text.slice(0, 60)}”.`)
  const number = fraction === '' ? whole : `${whole}.${fraction}`
  return match[1] === '-' && number !== '0' ? `-${number}` : number
}

/** The number in a child: undefined when it is not stated, null when it is empty. */
export function statedDecimal(element: XmlElement, name: string): string | null | undefined {
  const text = stated(element, name)
  return typeof text === 'string' ? decimal(text, name) : text
}

/** `true` and `false`, as 1C writes them in machine fields; null for anything else. */
export function statedFlag(element: XmlElement, name: string): boolean | null | undefined {
  const text = stated(element, name)
  if (text === undefined) return undefined
  const lower = text?.toLowerCase()
  return lower === 'true' || lower === '1' || lower === 'да' ? true : lower === 'false' || lower === '0' || lower === 'нет' ? false : null
}

/**
 * Whether a record is marked as deleted: `Статус="Удален"` (2.07) or `<ПометкаУдаления>true` (3.x). Undefined when neither is there.
 * Nothing else deletes: 1C sends lists that are not full.
 */
export function deletionMark(element: XmlElement): boolean | undefined {
  const status = element.attributes?.get('Статус')?.trim().toLowerCase()
  if (status === 'удален' || status === 'удалён') return true
  const marked = child(element, 'ПометкаУдаления')
  return marked ? marked.text.trim().toLowerCase() === 'true' : status === undefined ? undefined : false
}

/** The Ид of a record. Throws `record_invalid` when it has none. */
export function requiredId(element: XmlElement, name = 'Ид'): string {
  const id = stated(element, name)
  if (typeof id === 'string') return id
  throw new RecordRefused('record_invalid', `<${element.name}> has no ${name}, so it can't be told from others.`)
}
