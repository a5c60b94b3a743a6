import type { Edit, Source } from './edits.ts'

type Page = { at: number; flags: number; serial: number; lacing: Buffer; data: Buffer; end: number }

/** How the header packets of a codec begin: the first one, and the one with comments. */
const codecs = [
  { first: Buffer.from('\x01vorbis', 'latin1'), comments: Buffer.from('\x03vorbis', 'latin1') },
  { first: Buffer.from('OpusHead'), comments: Buffer.from('OpusTags') },
]

/**
 * A comment more in the header of an Ogg file with Vorbis or Opus. RFC 3533, 6, and RFC 7845, 5.2: the packet with the comments begins a page; its own length is
 * in the page's table, 255 to an entry, and the page has a checksum. Not where the packet does not end in that page, or its table has no room.
 */
export async function markOgg({ head }: Source, text: string): Promise<Edit[] | null> {
  const first = pageAt(head, 0)
  const codec = first && codecs.find(({ first: start }) => first.data.subarray(0, start.length).equals(start))
  if (!first || !codec) return null
  const page = pageAt(head, first.end)
  // Another stream beside it has its own first page there.
  if (page?.serial !== first.serial || !page.data.subarray(0, codec.comments.length).equals(codec.comments)) return null
  const entries = page.lacing.findIndex((length) => length < 255) + 1
  if (entries === 0) return null
  const length = page.lacing.subarray(0, entries).reduce((sum, entry) => sum + entry, 0)
  const packet = withComment(page.data.subarray(0, length), codec.comments.length, text)
  if (!packet) return null
  const lacing = Buffer.concat([lacingOf(packet.length), page.lacing.subarray(entries)])
  if (lacing.length > 255) return null
  const data = Buffer.concat([packet, page.data.subarray(length)])
  return [{ at: page.at, drop: page.end - page.at, put: pageOf(head.subarray(page.at, page.at + 26), lacing, data) }]
}

function pageAt(bytes: Buffer, at: number): Page | null {
  if (at + 27 > bytes.length || bytes.toString('latin1', at, at + 4) !== 'OggS') return null
  const lacing = bytes.subarray(at + 27, at + 27 + bytes[at + 26]!)
  const start = at + 27 + lacing.length
  const end = start + lacing.reduce((sum, entry) => sum + entry, 0)
  if (end > bytes.length || lacing.length !== bytes[at + 26]) return null
  return { at, flags: bytes[at + 5]!, serial: bytes.readUInt32LE(at + 14), lacing, data: bytes.subarray(start, end), end }
}

/** Vorbis I, 5: the vendor's name, the number of comments, the comments, each text with its length before it; what follows stays as it is. */
function withComment(packet: Buffer, start: number, text: string): Buffer | null {
  if (start + 4 > packet.length) return null
  const countAt = start + 4 + packet.readUInt32LE(start)
  if (countAt + 4 > packet.length) return null
  const comments = packet.readUInt32LE(countAt)
  // More than there is room for: what is counted there are no comments.
  if (comments > packet.length) return null
  const comment = Buffer.from(`INTAKE=${text}`)
  const [count, length] = [Buffer.alloc(4), Buffer.alloc(4)]
  count.writeUInt32LE(comments + 1)
  length.writeUInt32LE(comment.length)
  return Buffer.concat([packet.subarray(0, countAt), count, length, comment, packet.subarray(countAt + 4)])
}

function lacingOf(length: number): Buffer {
  return Buffer.from([...Array.from({ length: Math.floor(length / 255) }, () => 255), length % 255])
}

function pageOf(fixed: Buffer, lacing: Buffer, data: Buffer): Buffer {
  const page = Buffer.concat([fixed, Buffer.from([lacing.length]), lacing, data])
  page.writeUInt32LE(0, 22)
  page.writeUInt32LE(oggSum(page), 22)
  return page
}

/** RFC 3533, 6: polynomial 0x04c11db7, from zero, nothing reflected. */
function oggSum(bytes: Buffer): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1
  }
  return sum >>> 0
}
