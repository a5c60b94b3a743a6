import { CellRefusal } from './refusal.ts'

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const hex = /^[0-9a-f]{32}$/i

/** 32 hexadecimal digits in lower case. */
export function uuidHex(text: string): string {
  if (dashed.test(text)) return text.replaceAll('-', '').toLowerCase()
  if (hex.test(text)) return text.toLowerCase()
  throw new CellRefusal('not a UUID')
}

/** 36 characters with dashes; anything that is no UUID stays as it is. */
export function uuidText(text: string): string {
  if (!hex.test(text)) return text
  const lower = text.toLowerCase()
  return `${lower.slice(0, 8)}-${lower.slice(8, 12)}-${lower.slice(12, 16)}-${lower.slice(16, 20)}-${lower.slice(20)}`
}
