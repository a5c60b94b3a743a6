import type { RejectedRecord } from '../../../../shared/protocol/views.ts'
import { shown } from '../problem.ts'
import type { Problem } from '../problem.ts'
import type { FixtureRecord } from '../record.ts'

/** Of a rejected record so many bytes are kept. */
const mostContent = 64 * 1024

/** Enough of a record to show it to people after it is gone. */
export type Excerpt = Omit<RejectedRecord, 'code' | 'reason'>

export function excerptOf(record: FixtureRecord): Excerpt {
  const { file, record: number, byte, line, value } = record
  const key = value?.pk === undefined || value.pk === null ? undefined : keyText(value.pk)
  return { file, record: number, byte, line, ...(value && { model: value.model }), ...(key !== undefined && { key }), content: cut(record.text()) }
}

export function rejected(excerpt: Excerpt, { code, message }: Problem): RejectedRecord {
  return { ...excerpt, code, reason: message }
}

/** `shop.item 12 (items.json, record 5, line 31): Field …`: a problem as it stands for itself. */
export function located({ file, record, line, model, key }: Excerpt, message: string): string {
  const what = model === undefined ? 'A record' : key === undefined ? model : `${model} ${key}`
  const place = [file, `record ${record.toLocaleString('en-US')}`, ...(line === undefined ? [] : [`line ${line.toLocaleString('en-US')}`])]
  return `${what} (${place.join(', ')}): ${message}`
}

function keyText(pk: unknown): string {
  return typeof pk === 'string' ? pk.slice(0, 200) : shown(pk)
}

function cut(text: string): string {
  if (text.length * 3 <= mostContent || Buffer.byteLength(text) <= mostContent) return text
  return Buffer.from(text)
    .subarray(0, mostContent)
    .toString()
    .replace(/\ufffd+$/, '')
}
