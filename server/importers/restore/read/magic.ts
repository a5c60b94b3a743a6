export type PackedFormat = 'gzip' | 'bzip2' | 'xz' | 'lzma' | 'zstd' | 'zip'

/** Names of packed formats for messages, with their article. */
export const packedNames: Record<PackedFormat, string> = {
  gzip: 'a gzip file',
  bzip2: 'a bzip2 file',
  xz: 'an xz file',
  lzma: 'an lzma file',
  zstd: 'a zstd file',
  zip: 'a zip file',
}

/** The packed format whose header these bytes bear, or null. */
export function packedFormatOf(head: Uint8Array): PackedFormat | null {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip'
  if (isBzip2(head)) return 'bzip2'
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return 'xz'
  if (isZstd(head)) return 'zstd'
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04]) || startsWith(head, [0x50, 0x4b, 0x05, 0x06]) || startsWith(head, [0x50, 0x4b, 0x07, 0x08]))
    return 'zip'
  if (isLzmaAlone(head)) return 'lzma'
  return null
}

// "BZh", the level, then the magic of a block (π) or of the end (√π).
function isBzip2(head: Uint8Array): boolean {
  if (!startsWith(head, [0x42, 0x5a, 0x68])) return false
  if (head.length < 10) return head.length >= 4 && head[3]! >= 0x31 && head[3]! <= 0x39
  return startsWith(head.subarray(4), [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || startsWith(head.subarray(4), [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

// RFC 8878: a frame begins with FD2FB528, a skippable frame with 184D2A50 to 184D2A5F, little-endian.
function isZstd(head: Uint8Array): boolean {
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return true
  return head.length >= 4 && (head[0]! & 0xf0) === 0x50 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18])
}

/**
 * The `.lzma` format has no magic. Its header is one byte of properties, the dictionary size, the unpacked size (or -1), and its first coded byte
 * is 0. Encoders write a dictionary of 2^n or 2^n + 2^(n-1), which is what the xz tools ask for as well.
 */
function isLzmaAlone(head: Uint8Array): boolean {
  const properties = head[0]!
  // lc + lp of the properties is at most 4, as in the xz tools.
  if (head.length < 14 || properties >= 225 || (properties % 9) + (Math.floor(properties / 9) % 5) > 4 || head[13] !== 0) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const dictionary = view.getUint32(1, true)
  const size = view.getBigUint64(5, true)
  return isDictionarySize(dictionary) && (size === 0xffff_ffff_ffff_ffffn || size < 1n << 38n)
}

function isDictionarySize(size: number): boolean {
  if (size === 0xffff_ffff) return true
  for (let n = 12; n < 32; n++) if (size === 2 ** n || size === 2 ** n + 2 ** (n - 1)) return true
  return false
}

export function utf16Of(head: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (startsWith(head, [0xff, 0xfe])) return 'utf-16le'
  return startsWith(head, [0xfe, 0xff]) ? 'utf-16be' : null
}

/** [offset, bytes as Latin-1, description]: what people upload by mistake, and what other kinds of backup look like. */
const signatures: [number, string, string][] = [
  [0, 'PGDMP', 'a PostgreSQL archive (pg_dump -Fc)'],
  [0, 'SQLite format 3\0', 'an SQLite database file'],
  [257, 'ustar', 'a tar archive'],
  [0, '\x89PNG\r\n\x1a\n', 'a PNG picture'],
  [0, '\xff\xd8\xff', 'a JPEG picture'],
  [0, 'GIF8', 'a GIF picture'],
  [8, 'WEBP', 'a WebP picture'],
  [4, 'ftyp', 'a video or a HEIF picture'],
  [0, '%PDF', 'a PDF document'],
  [0, "7z\xbc\xaf'\x1c", 'a 7-Zip archive'],
  [0, 'Rar!\x1a\x07', 'a RAR archive'],
  [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Microsoft Office document'],
  [0, '\x7fELF', 'a program'],
  [0, 'MZ\x90', 'a Windows program'],
  [0, '\x04\x22\x4d\x18', 'an lz4 file'],
  [0, '\xff\xfe\0\0', 'a text in UTF-32, which Intake does not read'],
  [0, '\0\0\xfe\xff', 'a text in UTF-32, which Intake does not read'],
]

/** What a file that is not text is, or null when it may be text. */
export function describeBinary(head: Uint8Array): string | null {
  const known = signatures.find(([offset, magic]) => latin1(head, offset, magic.length) === magic)
  if (known) return known[2]
  if (utf16Of(head) !== null) return null
  return head.subarray(0, 512).includes(0) ? 'a binary file of a kind that is not known here' : null
}

function latin1(head: Uint8Array, offset: number, length: number): string {
  return Buffer.from(head.subarray(offset, offset + length)).toString('latin1')
}

function startsWith(bytes: Uint8Array, magic: number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte)
}
