import type { Cell } from '../target.ts'
import { CellRefusal } from './refusal.ts'

/** A value as text; bytes are none, and half a surrogate pair is no character. */
export function textOf(value: Cell): string {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new CellRefusal('half of a surrogate pair is not a character')
    return value
  }
  if (typeof value === 'object') throw new CellRefusal('bytes are not text')
  return String(value)
}

/** Refuses a text of more than `max` characters, counted as code points. */
export function checkLength(text: string, max: number): void {
  if (text.length <= max) return
  const length = codePoints(text)
  if (length > max) throw new CellRefusal(`${length} characters, and the column takes ${max}`)
}

function codePoints(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1
  return count
}
