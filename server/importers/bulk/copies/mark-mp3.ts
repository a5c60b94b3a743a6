import type { Edit, Source } from './edits.ts'

const mostBytes = 2 ** 28

/**
 * A text frame in the tag at the beginning of an MP3, or a tag with it where there is none. ID3v2.3 and v2.4, 3: a tag is "ID3", its version, flags and its length
 * without these ten bytes, seven bits to a byte. Not where a tag is of version 2.2, has an extended header or a footer.
 */
export async function markMp3({ head }: Source, text: string): Promise<Edit[] | null> {
  if (head.toString('latin1', 0, 3) !== 'ID3') return isFrame(head) ? [{ at: 0, drop: 0, put: wholeTag(text) }] : null
  const [version = 0, flags = 0] = [head[3], head[5]]
  if (head.length < 10 || (version !== 3 && version !== 4) || (flags & 0x7f) !== 0) return null
  const put = frameOf(text, version)
  const length = fromSevens(head.subarray(6, 10)) + put.length
  if (length >= mostBytes) return null
  return [
    { at: 6, drop: 4, put: sevens(length) },
    { at: 10, drop: 0, put },
  ]
}

/** ISO 11172-3, 2.4.1.3: eleven ones, a version, layer III, and neither rate that is not one. */
function isFrame(head: Buffer): boolean {
  const [first = 0, second = 0, third = 0] = head
  return first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08 && (third & 0xf0) !== 0xf0 && (third & 0x0c) !== 0x0c
}

function wholeTag(text: string): Buffer {
  const frame = frameOf(text, 4)
  return Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0]), sevens(frame.length), frame])
}

/** ID3v2.4, 4.2.6: `TXXX` has an encoding (0: Latin-1), a description, a null and a value. Lengths of frames are in sevens since v2.4. */
function frameOf(text: string, version: 3 | 4): Buffer {
  const data = Buffer.from(`\0intake\0${text}`, 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([Buffer.from('TXXX'), version === 4 ? sevens(data.length) : length, Buffer.alloc(2), data])
}

const sevens = (value: number): Buffer => Buffer.from([21, 14, 7, 0].map((shift) => (value >> shift) & 0x7f))
const fromSevens = (bytes: Buffer): number => bytes.reduce((value, byte) => (value << 7) | (byte & 0x7f), 0)
