import type { Edit, Source } from './edits.ts'

const mostBytes = 2 ** 28

/**
 * A text frame in the tag at the beginning of an MP3, or a tag with it where there is none. ID3v2.3 and v2.4, 3: a tag is "ID3", its version, flags and its length
 * without these ten bytes, seven bits to a byte. Not where a tag is of version 2.2, has an extended header or a footer, nor where a file only begins like a frame.
 */
export async function markMp3({ head }: Source, text: string): Promise<Edit[] | null> {
  if (head.toString('latin1', 0, 3) !== 'ID3') return beginsWithFrames(head) ? [{ at: 0, drop: 0, put: wholeTag(text) }] : null
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

/** Whether a frame is followed by another one of the same kind, or by the end of the recording: four bytes alone may be anything. */
function beginsWithFrames(head: Buffer): boolean {
  const length = frameLength(head)
  if (length === null || length > head.length) return false
  const rest = head.subarray(length)
  if (rest.length === 0 || ['TAG', 'APETAGEX'].some((tag) => rest.toString('latin1', 0, tag.length) === tag)) return true
  return frameLength(rest) !== null && (rest[1]! & 0xfe) === (head[1]! & 0xfe) && (rest[2]! & 0x0c) === (head[2]! & 0x0c)
}

/** Thousands of bits a second, of version 1 and of 2 and 2.5. */
const bitRates = [
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]
const sampleRates = [44_100, 48_000, 32_000]

/** ISO 11172-3, 2.4.1.3 and 2.4.3.1: eleven ones, a version, layer III, both rates, and whether there is a byte more. Null for what is no frame, and for one whose length is not told. */
function frameLength(head: Buffer): number | null {
  const [first = 0, second = 0, third = 0] = head
  if (first !== 0xff || (second & 0xe6) !== 0xe2 || (second & 0x18) === 0x08) return null
  const version = (second >> 3) & 3
  const bitRate = bitRates[version === 3 ? 0 : 1]![(third >> 4) - 1]
  const sampleRate = sampleRates[(third >> 2) & 3]
  if (bitRate === undefined || sampleRate === undefined) return null
  const [samples, slower] = version === 3 ? [144_000, 1] : [72_000, version === 2 ? 2 : 4]
  return Math.floor((samples * bitRate) / (sampleRate / slower)) + ((third >> 1) & 1)
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
