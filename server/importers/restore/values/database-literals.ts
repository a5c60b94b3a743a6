import { jsonText } from './json-text.ts'
import { ExactNumber } from '../record.ts'
import { ValueRefused } from './value-refused.ts'

/**
 * Values of PostgreSQL's own types, which Django serializes as JSON, most of them as JSON within a text: arrays (`["a"]`), ranges
 * (`{"lower": 1, "upper": 2, "bounds": "[)"}`) and hstore (`{"a": "b"}`). Anything else is given to the database as it is.
 */
export function databaseLiteral(sqlType: string, value: unknown): string {
  const given = typeof value === 'string' ? parsed(value) : value
  if (sqlType.endsWith('[]')) {
    if (Array.isArray(given)) return arrayLiteral(given)
  } else if (isObject(given)) {
    if (sqlType.endsWith('range')) return rangeLiteral(given)
    if (sqlType.endsWith('hstore')) return hstoreLiteral(given)
  }
  if (typeof value === 'string') return value
  if (value instanceof ExactNumber) return value.text
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new ValueRefused(`a list or an object is nothing for the type ${sqlType}`)
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function arrayLiteral(items: unknown[]): string {
  return `{${items.map(arrayItem).join(',')}}`
}

function arrayItem(item: unknown): string {
  if (item === null) return 'NULL'
  if (Array.isArray(item)) return arrayLiteral(item)
  return quoted(scalarText(item))
}

function rangeLiteral(range: Record<string, unknown>): string {
  if (range['empty'] === true) return 'empty'
  const bounds = typeof range['bounds'] === 'string' && /^[[(][\])]$/.test(range['bounds']) ? range['bounds'] : '[)'
  const end = (value: unknown): string => (value === null || value === undefined ? '' : quoted(scalarText(value)))
  return `${bounds[0]}${end(range['lower'])},${end(range['upper'])}${bounds[1]}`
}

function hstoreLiteral(pairs: Record<string, unknown>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${quoted(key)}=>${value === null ? 'NULL' : quoted(scalarText(value))}`)
    .join(',')
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value)
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
