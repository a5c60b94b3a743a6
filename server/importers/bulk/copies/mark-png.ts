import { crc32 } from 'node:zlib'
import type { Mark } from './mark.ts'
import { markText } from './mark.ts'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Signature, and the chunk IHDR, which is always the first and has 13 bytes of data. */
const headBytes = signature.length + 12 + 13

function isPng(head: Uint8Array): boolean {
  return signature.equals(head.subarray(0, signature.length))
}

/**
 * A PNG with a text chunk behind its header; no other byte changes. PNG, third edition, 11.3.3.2: a `tEXt` chunk is a keyword, a null and a text in Latin-1, and
 * may stand anywhere between IHDR and IEND. Null when the beginning is not that of a PNG.
 */
export function markedPng(head: Buffer, mark: Mark): { insert: Buffer; at: number } | null {
  if (!isPng(head) || head.length < headBytes || head.toString('latin1', 12, 16) !== 'IHDR' || head.readUInt32BE(8) !== 13) return null
  const typed = Buffer.from(`tEXtComment\0${markText(mark)}`, 'latin1')
  const insert = Buffer.alloc(typed.length + 8)
  insert.writeUInt32BE(typed.length - 4, 0)
  typed.copy(insert, 4)
  insert.writeUInt32BE(crc32(typed), 4 + typed.length)
  return { insert, at: headBytes }
}
