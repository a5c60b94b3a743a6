import { pipeline } from 'node:stream'
import { createInflateRaw, crc32 } from 'node:zlib'
import { fromRandomAccessReaderPromise } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { PackingError, endsInTheMiddle } from './packing-error.ts'
import { zipReader } from '../../zip-reader.ts'
import type { ZipBytes } from '../../zip-reader.ts'

const maxEntries = 1000

/** The one file in a zip that is of use. */
export type ZipMember = {
  packedSize: number
  /** Opens its bytes as they stand in the zip. */
  open(): Promise<AsyncIterable<Buffer>>
  /** Unpacks what `open` gave, and checks its size and CRC-32. */
  unpack(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
  close(): void
}

/**
 * Finds the one file in a zip. Folders and what macOS adds are passed over; several files are refused by name, as are encrypted ones, links,
 * unsafe names and methods other than "stored" and "deflated". Throws PackingError.
 */
export async function openZipMember(file: ZipBytes): Promise<ZipMember> {
  const zip = await asPackingError(
    fromRandomAccessReaderPromise(zipReader(file), file.size, { lazyEntries: true, autoClose: false, strictFileNames: true }),
  )
  try {
    const entry = onlyFile(await asPackingError(readEntries(zip)))
    refuseUnreadable(entry)
    return {
      packedSize: entry.compressedSize,
      open: async () => await asPackingError(zip.openReadStreamPromise(entry, { decodeFileData: false })),
      unpack: (packed) => checked(entry, entry.compressionMethod === 0 ? packed : inflate(entry, packed)),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function readEntries(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > maxEntries) throw new PackingError('limit', `it holds ${zip.entryCount} files, and a backup is one`)
  const entries: Entry[] = []
  for await (const entry of zip.eachEntry()) entries.push(entry)
  return entries
}

function onlyFile(entries: Entry[]): Entry {
  const files = entries.filter(({ fileName }) => !fileName.endsWith('/') && !isSystemJunk(fileName))
  const [entry] = files
  if (entry === undefined) throw new PackingError('unsupported', 'it holds no file')
  if (files.length === 1) return entry
  const names = new Set(files.map(({ fileName }) => fileName))
  if (names.has('dump.sql') && names.has('manifest.json')) throw new PackingError('unsupported', 'it is an Odoo backup, which is not read here')
  if (names.has('[Content_Types].xml')) throw new PackingError('unsupported', 'it is an Office document, not a backup')
  throw new PackingError(
    'unsupported',
    `it holds ${files.length} files (${nameSome([...names])}); pack the one to restore alone, or upload them unpacked`,
  )
}

function isSystemJunk(name: string): boolean {
  return name.startsWith('__MACOSX/') || /(^|\/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(name)
}

function nameSome(names: string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

function refuseUnreadable(entry: Entry): void {
  if (entry.isEncrypted()) throw new PackingError('unsupported', 'it is encrypted; pack it again without a password')
  // The upper half of the attributes is the Unix mode. (A zip written from a pipe calls its content a pipe, so other types are let be.)
  const type = (entry.externalFileAttributes >>> 16) & 0o170000
  if (type === 0o120000) throw new PackingError('unsupported', `${entry.fileName} in it is a link, not a file`)
  const method = entry.compressionMethod
  if (method !== 0 && method !== 8)
    throw new PackingError('unsupported', `it is packed by a method (${method}) that is not read here; pack it with "deflate"`)
}

async function* inflate(entry: Entry, packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: 1 << 17 })
  pipeline(packed, inflater, () => {})
  yield* inflater as AsyncIterable<Buffer>
  if (inflater.bytesWritten < entry.compressedSize) throw new PackingError('damaged', 'the zip says that there are more packed bytes than there are')
}

async function* checked(entry: Entry, unpacked: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0
  let checksum = 0
  for await (const chunk of unpacked) {
    size += chunk.length
    checksum = crc32(chunk, checksum)
    if (size > entry.uncompressedSize) throw new PackingError('damaged', 'its content is larger than the zip says')
    yield chunk
  }
  if (size < entry.uncompressedSize) throw new PackingError('damaged', endsInTheMiddle)
  if (checksum !== entry.crc32) throw new PackingError('damaged', 'the checksum in the zip does not match its content')
}

async function asPackingError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof PackingError || !(error instanceof Error) || 'code' in error) throw error
    const missingEnd = error.message.startsWith('End of central directory record')
    throw new PackingError('damaged', missingEnd ? endsInTheMiddle : `the zip is broken (${error.message})`)
  }
}
