import type { Mark } from './mark.ts'
import { markText } from './mark.ts'

function isJpeg(head: Uint8Array): boolean {
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff
}

/**
 * A JPEG with a comment behind the application segments at its beginning, which readers of JFIF and Exif want first; no other byte changes. ITU-T T.81, B.2.4.5: a
 * comment is FF FE, its length with these two bytes, and its bytes. Null when the beginning is not that of a JPEG, or its segments are longer than what was read.
 */
export function markedJpeg(head: Buffer, mark: Mark): { insert: Buffer; at: number } | null {
  if (!isJpeg(head)) return null
  let at = 2
  while (at + 4 <= head.length && head[at] === 0xff && isApplicationSegment(head[at + 1]!)) at += 2 + head.readUInt16BE(at + 2)
  if (at + 2 > head.length || head[at] !== 0xff) return null
  const text = Buffer.from(markText(mark), 'latin1')
  return { insert: Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]), at }
}

function isApplicationSegment(marker: number): boolean {
  return marker >= 0xe0 && marker <= 0xef
}
