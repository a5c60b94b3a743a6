import type { Edit, Source } from './edits.ts'

/** A recording in fragments has two for each of them; more than these are not looked at. */
const mostBoxes = 10_000
/** Of boxes of type `uuid`: this one is ours. */
const ownType = Buffer.from('1b3c6f0a5d2e4f7c9a41c0ffee17a4e5', 'hex')

/**
 * A box of our own behind the last of an MP4 or QuickTime file, which moves nothing that others point at. ISO 14496-12, 4.2: a box of type `uuid` bears its own
 * type of 16 bytes, and "unrecognized boxes shall be ignored"; QuickTime ignores unknown atoms as well. An index for fragments (`mfra`) stays the last, since it is found from the end. Not
 * where the last box has no size: it would take it for its content.
 */
export async function markIsoMedia(source: Source, text: string): Promise<Edit[] | null> {
  if (!['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].includes(source.head.toString('latin1', 4, 8))) return null
  const types = new Set<string>()
  let last: { type: string; at: number } = { type: '', at: 0 }
  let at = 0
  for (let boxes = 0; at + 8 <= source.size && boxes < mostBoxes; boxes++) {
    const head = at + 16 <= source.head.length ? source.head.subarray(at, at + 16) : await source.read(at, Math.min(at + 16, source.size))
    const size = boxSize(head)
    if (size === null) return null
    last = { type: head.toString('latin1', 4, 8), at }
    types.add(last.type)
    at += size
  }
  if (at !== source.size || !types.has('moov')) return null
  const bytes = Buffer.from(text, 'latin1')
  const put = Buffer.concat([Buffer.alloc(4), Buffer.from('uuid', 'latin1'), ownType, bytes])
  put.writeUInt32BE(put.length, 0)
  return [{ at: last.type === 'mfra' ? last.at : source.size, drop: 0, put }]
}

/** Null for one without a size, and for one that can't be. */
function boxSize(head: Buffer): number | null {
  const size = head.readUInt32BE(0)
  if (size === 1) return head.length < 16 ? null : Number(head.readBigUInt64BE(8)) || null
  return size < 8 ? null : size
}
