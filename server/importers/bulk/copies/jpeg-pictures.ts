import type { Edit } from './edits.ts'

const start = Buffer.from('MPF\0', 'latin1')
/** The tag of the list of pictures, and the bytes that each has there. */
const list = 0xb002
const entryBytes = 16

/** Whether the segment there is the list of the pictures of a file: APP2 with the name of CIPA DC-007, the multi-picture format. */
export function isPictures(head: Buffer, at: number): boolean {
  return head[at + 1] === 0xe2 && head.subarray(at + 4, at + 8).equals(start)
}

/**
 * The first picture of that list, larger by what is put into it. CIPA DC-007, 5.2: as in TIFF, the order of bytes, 42, and the place of a directory, counted from
 * here; each of its entries is a tag, a type, a count and a value or its place. A picture has its attributes, its size, its place and two others. Null for a list
 * that can't be read, or whose first picture is not the one that the file begins with.
 */
export function grownPicture(head: Buffer, segment: number, by: number): Edit | null {
  const base = segment + 8
  const order = head.toString('latin1', base, base + 2)
  if (order !== 'II' && order !== 'MM') return null
  const [two, four] = order === 'II' ? (['readUInt16LE', 'readUInt32LE'] as const) : (['readUInt16BE', 'readUInt32BE'] as const)
  const fits = (at: number, bytes: number) => at >= base && at + bytes <= head.length
  const directory = fits(base, 8) ? base + head[four](base + 4) : Infinity
  const entries = fits(directory, 2) ? head[two](directory) : 0
  for (let entry = directory + 2; entry < directory + 2 + entries * 12 && fits(entry, 12); entry += 12) {
    if (head[two](entry) !== list) continue
    const first = base + head[four](entry + 8)
    if (head[four](entry + 4) < entryBytes || !fits(first, entryBytes) || head[four](first + 8) !== 0) return null
    const size = head[four](first + 4) + by
    if (size >= 2 ** 32) return null
    const put = Buffer.alloc(4)
    if (order === 'II') put.writeUInt32LE(size)
    else put.writeUInt32BE(size)
    return { at: first + 4, drop: 4, put }
  }
  return null
}
