import type { Edit, Source } from './edits.ts'

const ids = {
  header: 0x1a45dfa3,
  segment: 0x18538067,
  tags: 0x1254c367,
  tag: 0x7373,
  targets: 0x63c0,
  simpleTag: 0x67c8,
  name: 0x45a3,
  text: 0x4487,
  sum: 0xbf,
}

/**
 * A tag at the end of a Matroska or WebM file, whose segment grows by it: RFC 9559, 5.1.8, `Tags` may stand at the end of the segment, and nothing is found by
 * counting from there. Not where the segment ends before the file, has a checksum over all of it, or its length has no room for a larger one.
 */
export async function markMatroska({ head, size }: Source, text: string): Promise<Edit[] | null> {
  const header = elementAt(head, 0)
  if (header?.id !== ids.header || header.length === null) return null
  const segment = elementAt(head, header.data + header.length)
  // RFC 8794, 11.3.1: a checksum is the first of the elements that it is about.
  if (segment?.id !== ids.segment || head[segment.data] === ids.sum) return null
  const put = tagsWith(text)
  const append = { at: size, drop: 0, put }
  // A segment without a length goes on to the end of the file.
  if (segment.length === null) return [append]
  if (segment.data + segment.length !== size) return null
  const width = segment.data - segment.lengthAt
  const length = vint(segment.length + put.length, width)
  return length && [{ at: segment.lengthAt, drop: width, put: length }, append]
}

type Element = { id: number; lengthAt: number; data: number; length: number | null }

/** RFC 8794, 4 to 6: an element is its id, its length (the leading zeros of the first byte say how many bytes it has; all ones: not known) and its data. */
function elementAt(bytes: Buffer, at: number): Element | null {
  const idWidth = Math.clz32(bytes[at] ?? 0) - 23
  const lengthAt = at + idWidth
  const width = Math.clz32(bytes[lengthAt] ?? 0) - 23
  const data = lengthAt + width
  if (idWidth > 4 || width > 8 || data > bytes.length) return null
  const id = bytes.readUIntBE(at, idWidth)
  const digits = bytes.subarray(lengthAt, data).toString('hex')
  const value = BigInt(`0x${digits}`) & ((1n << BigInt(7 * width)) - 1n)
  const unknown = value === (1n << BigInt(7 * width)) - 1n
  return { id, lengthAt, data, length: unknown ? null : Number(value) }
}

/** A length in so many bytes, or null when it does not fit. */
function vint(value: number, width: number): Buffer | null {
  if (BigInt(value) >= (1n << BigInt(7 * width)) - 1n) return null
  const marked = BigInt(value) | (1n << BigInt(7 * width))
  return Buffer.from(marked.toString(16).padStart(2 * width, '0'), 'hex')
}

function element(id: number, ...parts: Buffer[]): Buffer {
  const data = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(id.toString(16), 'hex'), vint(data.length, 4)!, data])
}

function tagsWith(text: string): Buffer {
  const simple = element(ids.simpleTag, element(ids.name, Buffer.from('INTAKE')), element(ids.text, Buffer.from(text)))
  return element(ids.tags, element(ids.tag, element(ids.targets), simple))
}
