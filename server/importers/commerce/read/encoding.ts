import { isUtf8 } from 'node:buffer'
import { AppError } from '../../../errors.ts'

export type Encoding = 'utf-8' | 'windows-1251' | 'utf-16le' | 'utf-16be'

/** How many bytes of a file are enough for `encodingOf`. */
export const encodingBytes = 512

const names: Record<string, Encoding> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'windows-1251': 'windows-1251',
  cp1251: 'windows-1251',
}

/**
 * The encoding of an XML text by its byte order mark, then by the declaration (XML 1.0, appendix F). UTF-16 is told by its mark, or by the zero bytes of
 * `<?`. Without either it is UTF-8. Throws `file_unsupported` for an encoding that is not read.
 */
export function encodingOf(file: string, head: Uint8Array): Encoding {
  const [a, b, c, d] = head
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0 && c !== 0 && d === 0)) return 'utf-16le'
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c && c === 0 && d !== 0)) return 'utf-16be'
  const text = Buffer.from(head.subarray(0, encodingBytes)).toString('latin1')
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1]
  const known = names[(declared ?? 'utf-8').toLowerCase()]
  if (known) return known
  const sentence = `${file} says that it is written in “${(declared ?? '').slice(0, 40)}”, and is not. UTF-8, UTF-16 and windows-1251 are read.`
  throw new AppError('file_unsupported', /^utf-?16/i.test(declared ?? '') ? sentence : sentence.replace(', and is not', ''), { details: { file } })
}

/** A piece of text, and where it begins and ends in the file, in bytes. */
export type TextPiece = { text: string; byte: number; end: number }

/** The text of a file, whatever its encoding, without its mark. Throws `file_damaged` with the byte at the first one that is not of the encoding. */
export async function* decodeText(file: string, chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<TextPiece> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let read = 0
  let byte = 0
  let tail: Buffer = Buffer.alloc(0)
  const decode = (chunk: Buffer): string => {
    try {
      return decoder.decode(chunk, { stream: chunk.length > 0 })
    } catch (cause) {
      throw wrongByte(file, encoding, read - tail.length + firstWrong(Buffer.concat([tail, chunk]), encoding), cause)
    }
  }
  for await (const chunk of chunks) {
    const text = decode(chunk)
    if (read === 0) byte = markLength(chunk)
    read += chunk.length
    tail = Buffer.from(chunk.subarray(chunk.length - tailLength(chunk, read, encoding)))
    const end = read - tail.length
    yield { text, byte, end }
    byte = end
  }
  decode(Buffer.alloc(0))
}

/** How many bytes the byte order mark takes. */
export function markLength([a, b, c]: Uint8Array): number {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? 2 : 0
}

/** How many bytes a text takes in its file. */
export function bytesOf(text: string, encoding: Encoding): number {
  if (encoding === 'utf-8') return Buffer.byteLength(text)
  return encoding === 'windows-1251' ? text.length : text.length * 2
}

function wrongByte(file: string, encoding: Encoding, byte: number, cause: unknown): AppError {
  const message = `${file} is damaged at byte ${byte}: what stands there is no text in ${encoding}, which the file says it is. Export it again.`
  return new AppError('file_damaged', message, { details: { file, byte }, cause })
}

/** Where the first bytes are that no character is made of. */
function firstWrong(bytes: Buffer, encoding: Encoding): number {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  let whole = 0
  for (let at = 0; at < bytes.length; at += 1) {
    try {
      if (decoder.decode(bytes.subarray(at, at + 1), { stream: true }) !== '') whole = at + 1
    } catch {
      return whole
    }
  }
  return whole
}

/** How many bytes at the end of a chunk are the beginning of a character. `read` counts all bytes so far. */
function tailLength(chunk: Buffer, read: number, encoding: Encoding): number {
  if (encoding === 'windows-1251') return 0
  if (encoding !== 'utf-8') return read % 2
  for (let back = 1; back <= 3 && back <= chunk.length; back += 1) {
    const byte = chunk[chunk.length - back] ?? 0
    if (byte >= 0xc0) return isUtf8(chunk.subarray(-back)) ? 0 : back
    if (byte < 0x80) return 0
  }
  return 0
}
