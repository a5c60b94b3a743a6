import { isAscii, isUtf8 } from 'node:buffer'
import { AppError } from '../../../errors.ts'
import { utf16Of } from './magic.ts'

/**
 * UTF-8 that begins and ends between characters. `byte` is where it stands. The rest is about all of it, so that a record need not be looked at for itself:
 * `valid` UTF-8, nothing but `ascii`, and whether `__proto__` may stand in it.
 */
export type TextChunk = { bytes: Buffer; byte: number; valid: boolean; ascii: boolean; proto: boolean }

/**
 * The chunks of a text as UTF-8, without its byte order mark. A text in UTF-16 (with a mark) is turned into UTF-8, and its bytes are counted as such.
 * Bytes that are not UTF-8 pass, marked by `valid: false`: who reads says where they are. Throws `file_damaged` for broken UTF-16.
 */
export async function* textChunks(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<TextChunk> {
  let position = 0
  let held: Buffer | null = null
  for await (const { bytes: chunk, skip } of withoutMark(file, chunks)) {
    position += skip
    const bytes: Buffer = held === null ? chunk : Buffer.concat([held, chunk])
    const cut = bytes.length - incompleteTail(bytes)
    held = cut < bytes.length ? bytes.subarray(cut) : null
    if (cut === 0) continue
    yield describeChunk(bytes.subarray(0, cut), position)
    position += cut
  }
  if (held !== null) yield describeChunk(held, position)
}

function describeChunk(bytes: Buffer, byte: number): TextChunk {
  const ascii = isAscii(bytes)
  return { bytes, byte, ascii, valid: ascii || isUtf8(bytes), proto: bytes.includes('__proto__') }
}

/** How many bytes at the end are the beginning of a character that is not complete: 0 to 3. */
function incompleteTail(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

type Marked = { bytes: Buffer; skip: number }

async function* withoutMark(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Marked> {
  let head: Buffer | null = Buffer.alloc(0)
  let decode: ((bytes: Buffer) => Buffer) | null = null
  for await (const chunk of chunks) {
    if (head === null) {
      yield { bytes: decode ? decode(chunk) : chunk, skip: 0 }
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < 3) continue
    decode = utf16Decoder(file, head)
    yield decode ? { bytes: decode(head), skip: 0 } : skipMark(head)
    head = null
  }
  if (head !== null && head.length > 0) yield skipMark(head)
  if (decode) yield { bytes: decode(Buffer.alloc(0)), skip: 0 }
}

function skipMark(head: Buffer): Marked {
  const skip = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  return { bytes: head.subarray(skip), skip }
}

/** Turns UTF-16 into UTF-8, chunk by chunk; an empty chunk ends it. */
function utf16Decoder(file: string, head: Buffer): ((bytes: Buffer) => Buffer) | null {
  const encoding = utf16Of(head)
  if (encoding === null) return null
  const decoder = new TextDecoder(encoding, { fatal: true })
  return (bytes) => {
    try {
      return Buffer.from(decoder.decode(bytes, { stream: bytes.length > 0 }), 'utf8')
    } catch (error) {
      throw new AppError('file_damaged', `${file} is a text in UTF-16 that is broken. Save it as UTF-8 and try again.`, {
        details: { file },
        cause: error,
      })
    }
  }
}

/** Where the first byte is that does not belong to valid UTF-8; the length when there is none. */
export function firstInvalidByte(bytes: Buffer): number {
  let valid = 0
  let end = bytes.length
  if (isUtf8(bytes)) return end
  // Halving: a prefix that ends between characters is valid exactly when it ends before the fault.
  while (end - valid > 4) {
    const middle = valid + ((end - valid) >> 1)
    const cut = middle - incompleteTail(bytes.subarray(valid, middle))
    if (cut > valid && isUtf8(bytes.subarray(valid, cut))) valid = cut
    else end = middle
  }
  while (valid < bytes.length) {
    const length = [1, 2, 3, 4].find((size) => isUtf8(bytes.subarray(valid, valid + size)) && valid + size <= bytes.length)
    if (length === undefined) return valid
    valid += length
  }
  return valid
}
