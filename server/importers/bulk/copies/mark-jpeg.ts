import type { Edit, Source } from './edits.ts'
import { grownPicture, isPictures } from './jpeg-pictures.ts'

/**
 * A comment behind the application segments at the beginning of a JPEG, which readers of JFIF and Exif want first. ITU-T T.81, B.2.4.5: a comment is FF FE, its
 * length with these two bytes, and its bytes. Null when the segments are longer than what was read. Where several pictures are in a file, it stands before the
 * segment with the list of them, which tells how far behind itself they are.
 */
export async function markJpeg({ head }: Source, text: string): Promise<Edit[] | null> {
  if (head[0] !== 0xff || head[1] !== 0xd8 || head[2] !== 0xff) return null
  const bytes = Buffer.from(text, 'latin1')
  const put = Buffer.concat([Buffer.from([0xff, 0xfe, 0, bytes.length + 2]), bytes])
  let at = 2
  while (at + 4 <= head.length && head[at] === 0xff && isApplicationSegment(head[at + 1]!)) {
    const end = at + 2 + head.readUInt16BE(at + 2)
    if (isPictures(head, at)) {
      const grown = grownPicture(head.subarray(0, end), at, put.length)
      return grown && [{ at, drop: 0, put }, grown]
    }
    at = end
  }
  if (at + 2 > head.length || head[at] !== 0xff) return null
  return [{ at, drop: 0, put }]
}

function isApplicationSegment(marker: number): boolean {
  return marker >= 0xe0 && marker <= 0xef
}
