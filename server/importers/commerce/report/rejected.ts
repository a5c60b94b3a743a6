import type { RejectedRecord } from '../../../../shared/protocol/views.ts'
import type { XmlElement } from '../read/element.ts'
import { textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { RecordName, Refusal } from '../spool/item.ts'

/** Of a rejected record so many characters are kept. */
const mostContent = 16 * 1024

/** A record that did not go in, as the list of rejected ones keeps it. */
export function rejectedRecord({ file, record, byte, line, kind, key }: RecordName, { code, message, content }: Refusal): RejectedRecord {
  return { file, record, byte, line, model: kind, ...(key !== null && { key }), code, reason: message, content }
}

/** `product 5a9d… (import.xml, line 31): …`: a problem as it stands for itself. */
export function located(of: RecordName | CommerceRecord, message: string): string {
  const { kind, key, file, line } = 'element' in of ? nameOf(of) : of
  return `${kind}${key === null ? '' : ` ${key}`} (${file}, line ${line.toLocaleString('en-US')}): ${message}`
}

export function nameOf(of: CommerceRecord): RecordName {
  const { file, record, byte, line, kind } = of
  return { file, record, byte, line, kind, key: keyOf(of) }
}

function keyOf({ element }: CommerceRecord): string | null {
  return (textOf(element, 'Ид') ?? textOf(element, 'ИдЗначения') ?? textOf(element, 'Код'))?.slice(0, 200) ?? null
}

/** The record as XML again: what it says, not how it was laid out. */
export function contentOf(element: XmlElement): string {
  const parts: string[] = []
  let length = 0
  const write = (text: string): boolean => {
    parts.push(text)
    length += text.length
    return length < mostContent
  }
  writeElement(element, '', write)
  return parts.join('').slice(0, mostContent)
}

function writeElement({ name, attributes, text, children }: XmlElement, indent: string, write: (text: string) => boolean): void {
  const said = [...(attributes ?? [])].map(([key, value]) => ` ${key}="${escaped(value).replaceAll('"', '&quot;')}"`).join('')
  if (text === '' && children.length === 0) return void write(`${indent}<${name}${said}/>\n`)
  if (children.length === 0) return void write(`${indent}<${name}${said}>${escaped(text)}</${name}>\n`)
  if (!write(`${indent}<${name}${said}>${escaped(text)}\n`)) return
  for (const one of children) writeElement(one, `${indent}  `, write)
  write(`${indent}</${name}>\n`)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
