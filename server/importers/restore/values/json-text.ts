import { ExactNumber } from '../record.ts'

const beyondAscii = /[\u007f-\uffff]/g

/** A JSON value as text, in the very form in which Django stores it (Python's json.dumps): numbers as they were written, keys in their order. */
export function jsonText(value: unknown): string {
  if (value instanceof ExactNumber) return value.text
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([key, part]) => `${quote(key)}: ${jsonText(part)}`)
  return `{${entries.join(', ')}}`
}

function quote(text: string): string {
  return JSON.stringify(text).replace(beyondAscii, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
