import { ExactNumber } from '../record.ts'
import type { FixtureObject } from '../record.ts'
import { findDuplicateKey } from './duplicate-key.ts'
import { parseExact } from './exact-numbers.ts'
import { maxDepth } from './value-scan.ts'
import type { ValueScan } from './value-scan.ts'

export type ParsedRecord = { value: FixtureObject; problem?: undefined } | { value?: undefined; problem: string }

/** Parses the text of one record that `scan` has passed; `proto`: `__proto__` may stand in it. What is wrong with it comes back as a sentence. */
export function parseRecord(text: string, scan: ValueScan, proto: boolean): ParsedRecord {
  if (scan.deepest > maxDepth) return { problem: `The record has lists and objects within each other more than ${maxDepth} deep.` }
  let value: unknown
  try {
    value = scan.exact ? parseExact(text) : JSON.parse(text)
  } catch (error) {
    return { problem: invalidJson(error, scan, text) }
  }
  if (!isObject(value)) return { problem: `The record is ${nameOf(value)}, not an object with "model" and "fields".` }
  if (typeof value.model !== 'string' || value.model === '') return { problem: 'The record has no "model", or it is not a text.' }
  if (!isObject(value.fields)) return { problem: 'The record has no "fields", or they are not an object.' }
  const problem = hiddenProblem(text, value, value.fields, scan, proto)
  return problem === null ? { value: value as FixtureObject } : { problem }
}

/** What JSON.parse takes without a word and would be lost or do harm later. */
function hiddenProblem(
  text: string,
  value: Record<string, unknown>,
  fields: Record<string, unknown>,
  scan: ValueScan,
  proto: boolean,
): string | null {
  if (Object.keys(value).length + Object.keys(fields).length !== scan.keys) {
    const key = findDuplicateKey(text)
    if (key !== null) return `The record names ${JSON.stringify(key)} twice.`
  }
  const suspectKey = proto || (scan.escapes && /\\u00[567]/.test(text))
  const suspectText = scan.escapes && /\\u[dD][89a-fA-F]/.test(text)
  return suspectKey || suspectText ? problemWithin(value) : null
}

function problemWithin(value: unknown): string | null {
  if (typeof value === 'string')
    return value.isWellFormed() ? null : 'The record holds half of a character (an unpaired \\ud8xx or \\udcxx escape), which no database can store.'
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return null
  if (Array.isArray(value)) return firstProblem(value)
  if (Object.hasOwn(value, '__proto__')) return 'The record has a key named "__proto__", which is not taken.'
  return firstProblem(Object.keys(value)) ?? firstProblem(Object.values(value))
}

function firstProblem(values: unknown[]): string | null {
  for (const value of values) {
    const problem = problemWithin(value)
    if (problem !== null) return problem
  }
  return null
}

function invalidJson(error: unknown, scan: ValueScan, text: string): string {
  if (scan.notFinite && /(^|[[,:\s-])(NaN|Infinity)\s*([\],}]|$)/.test(text)) {
    return 'The record holds NaN or Infinity. Python writes them, but they are not JSON, and a database has no such number: replace them with null.'
  }
  const message = error instanceof Error ? error.message : String(error)
  const [, what = message, position] = /^(.*?)(?: in JSON)? at position (\d+)/.exec(message) ?? [
    undefined,
    message.replace(/, .*$/s, '').replace(/ in JSON$| is not valid JSON$/, ''),
  ]
  const where = position === undefined ? '' : ` at its character ${Number(position) + 1}`
  return `The record is not valid JSON: ${what.slice(0, 1).toLowerCase()}${what.slice(1)}${where}.`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? 'true or false' : 'a number'
}
