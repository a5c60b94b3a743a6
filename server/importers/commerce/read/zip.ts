import { pipeline } from 'node:stream'
import { createInflateRaw, crc32 } from 'node:zlib'
import { fromRandomAccessReaderPromise } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { zipReader } from '../../zip-reader.ts'

export type ZipLimits = {
  entries: number
  /** Unpacked bytes of all entries together. */
  bytes: number
  /** Unpacked bytes for each packed byte of an entry, looked at beyond `ratioFrom` unpacked bytes. */
  ratio: number
  ratioFrom: number
}

/** An export with its pictures may have very many entries; XML packs to a twentieth, a bomb to a thousandth. */
const zipLimits: ZipLimits = { entries: 200_000, bytes: 64 * 2 ** 30, ratio: 500, ratioFrom: 100 * 2 ** 20 }

/** A file within a zip. `name` is its path in the zip, with `/`. */
export type ZipEntry = { name: string; size: number; open(): AsyncGenerator<Buffer> }

/**
 * The files of a zip, by the list at its end, which is looked through before anything is unpacked: unsafe and double names, links, encrypted entries,
 * unknown methods and sizes beyond the limits refuse the whole zip. Folders and what macOS adds are passed over.
 */
export async function readZip(file: JobFile, limits: ZipLimits = zipLimits): Promise<{ entries: ZipEntry[]; close: () => void }> {
  const zip = await translated(file.name, fromRandomAccessReaderPromise(zipReader(file), file.size, { lazyEntries: true, autoClose: false }))
  try {
    const entries = await translated(file.name, listEntries(file.name, zip, limits))
    return { entries: entries.map((entry) => zipEntry(file.name, zip, entry, limits)), close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function listEntries(file: string, zip: ZipFile, limits: ZipLimits): Promise<Entry[]> {
  if (zip.entryCount > limits.entries) throw overLimit(file, `it holds ${zip.entryCount} files, and ${limits.entries} is the limit`)
  const entries: Entry[] = []
  const names = new Set<string>()
  let size = 0
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/') || isSystemJunk(entry.fileName)) continue
    refuseUnreadable(file, entry)
    if (names.has(entry.fileName)) throw refused(file, `it holds ${entry.fileName} twice`)
    names.add(entry.fileName)
    size += entry.uncompressedSize
    if (size > limits.bytes) throw overLimit(file, `its content is larger than ${limits.bytes} bytes unpacked, which is the limit`)
    if (entry.uncompressedSize > limits.ratioFrom && entry.uncompressedSize > entry.compressedSize * limits.ratio)
      throw overLimit(file, `${entry.fileName} in it unfolds to more than ${limits.ratio} times its size, which no real export does`)
    entries.push(entry)
  }
  return entries
}

function refuseUnreadable(file: string, entry: Entry): void {
  if (entry.isEncrypted()) throw refused(file, 'it is encrypted; pack it again without a password')
  // The upper half of the attributes is the Unix mode.
  if (((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000) throw refused(file, `${entry.fileName} in it is a link, not a file`)
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw refused(file, `${entry.fileName} in it is packed by a method (${entry.compressionMethod}) that is not read here; pack it with "deflate"`)
}

function isSystemJunk(name: string): boolean {
  return name.startsWith('__MACOSX/') || /(^|\/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$/.test(name)
}

function zipEntry(file: string, zip: ZipFile, entry: Entry, limits: ZipLimits): ZipEntry {
  async function* open(): AsyncGenerator<Buffer> {
    const packed = await translated(file, zip.openReadStreamPromise(entry, { decodeFileData: false }))
    yield* checked(`${file}/${entry.fileName}`, entry, entry.compressionMethod === 0 ? packed : inflate(packed), limits)
  }
  return { name: entry.fileName, size: entry.uncompressedSize, open }
}

function inflate(packed: NodeJS.ReadableStream): AsyncIterable<Buffer> {
  const inflater = createInflateRaw({ chunkSize: 1 << 17 })
  pipeline(packed, inflater, () => {})
  return inflater as AsyncIterable<Buffer>
}

/** What is in an entry decides, not what the zip says of it: size and CRC-32 are counted on the way. */
async function* checked(name: string, entry: Entry, unpacked: AsyncIterable<Buffer>, limits: ZipLimits): AsyncGenerator<Buffer> {
  let size = 0
  let checksum = 0
  try {
    for await (const chunk of unpacked) {
      size += chunk.length
      checksum = crc32(chunk, checksum)
      if (size > entry.uncompressedSize || size > limits.bytes) throw damaged(name, 'its content is larger than the zip says')
      yield chunk
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
      ? damaged(name, 'the packed data are broken', error)
      : error
  }
  if (size < entry.uncompressedSize) throw damaged(name, 'the packed data end in the middle')
  if (checksum !== entry.crc32) throw damaged(name, 'the checksum in the zip does not match its content')
}

async function translated<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error) || 'code' in error) throw error
    // An upload that was cut off, and names that lead out of the folder, which the library refuses (`invalid relative path: ../x`).
    if (error.message.startsWith('End of central directory record')) throw damaged(file, 'the zip ends in the middle', error)
    throw damaged(file, `the zip is broken (${error.message})`, error)
  }
}

function refused(file: string, sentence: string): AppError {
  return new AppError('file_unsupported', `${file} can't be unpacked: ${sentence}.`, { details: { file } })
}

function overLimit(file: string, sentence: string): AppError {
  return new AppError('file_limit', `${file}: ${sentence}.`, { details: { file } })
}

function damaged(file: string, sentence: string, cause?: unknown): AppError {
  return new AppError('file_damaged', `${file} can't be unpacked: ${sentence}. Export or upload it again.`, { details: { file }, cause })
}
