import { crc32 } from 'node:zlib'
import type { Edit, Source } from './edits.ts'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Signature, and the chunk IHDR, which is always the first and has 13 bytes of data. */
const headBytes = signature.length + 12 + 13

/**
 * A text chunk behind the header of a PNG. PNG, third edition, 11.3.3.2: a `tEXt` chunk is a keyword, a null and a text in Latin-1, and may stand anywhere
 * between IHDR and IEND.
 */
export async function markPng({ head }: Source, text: string): Promise<Edit[] | null> {
  const isPng = signature.equals(head.subarray(0, signature.length))
  if (!isPng || head.length < headBytes || head.toString('latin1', 12, 16) !== 'IHDR' || head.readUInt32BE(8) !== 13) return null
  const typed = Buffer.from(`tEXtComment\0${text}`, 'latin1')
  const put = Buffer.alloc(typed.length + 8)
  put.writeUInt32BE(typed.length - 4, 0)
  typed.copy(put, 4)
  put.writeUInt32BE(crc32(typed), 4 + typed.length)
  return [{ at: headBytes, drop: 0, put }]
}
