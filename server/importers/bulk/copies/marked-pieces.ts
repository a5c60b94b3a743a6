import type { Mark } from './mark.ts'
import { markedJpeg } from './mark-jpeg.ts'
import { markedPng } from './mark-png.ts'

/** Where a mark goes into a file that begins so (a megabyte holds the segments of a JPEG with its colour profile), and its bytes; null for a kind of file that is copied as it is. */
export function placeOfMark(head: Buffer, mark: Mark): { insert: Buffer; at: number } | null {
  return markedPng(head, mark) ?? markedJpeg(head, mark)
}

/** The bytes of a file with others put in. */
export async function* withInserted(pieces: AsyncIterable<Buffer>, { insert, at }: { insert: Buffer; at: number }): AsyncGenerator<Buffer> {
  let before: number | null = at
  for await (const piece of pieces) {
    if (before === null || piece.length < before) {
      if (before !== null) before -= piece.length
      yield piece
      continue
    }
    yield piece.subarray(0, before)
    yield insert
    yield piece.subarray(before)
    before = null
  }
}
