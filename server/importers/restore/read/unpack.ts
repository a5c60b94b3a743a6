import { addAbortSignal } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { JobFile } from '../../../jobs/importer.ts'
import { bunzip2 } from './bunzip2.ts'
import { damagedPacking, overLimit, unreadablePacking } from './damage.ts'
import { sniffBytes } from './describe.ts'
import { decodeFrames } from './frames.ts'
import { peek } from './head.ts'
import { packedFormatOf } from './magic.ts'
import type { PackedFormat } from './magic.ts'
import { PackingError, endsInTheMiddle } from './packing-error.ts'
import { unlzma } from './unlzma.ts'
import { openZipMember } from './unzip.ts'

export type UnpackLimits = {
  /** Unpacked bytes of one file, at most. */
  bytes: number
  /** Unpacked bytes for each packed byte, at most. Looked at only beyond `ratioFrom` unpacked bytes. */
  ratio: number
  ratioFrom: number
}

/** Fixtures pack to a tenth or a hundredth; a bomb of zeros to a thousandth. */
export const defaultUnpackLimits: UnpackLimits = { bytes: 64 * 2 ** 30, ratio: 500, ratioFrom: 100 * 2 ** 20 }

/** How far a file was read. For a zip the packed bytes are those of its one member. */
export type UnpackProgress = { packedRead: number; packedSize: number; unpacked: number }

export type Unpacking = { chunks: AsyncGenerator<Buffer>; progress: Readonly<UnpackProgress> }

/**
 * The content of an uploaded file, unpacked by one layer when its first bytes are those of a packed format; the name does not count.
 * Nothing is opened before the first chunk is asked for; iterate to the end or break off, and everything is closed.
 * Throws AppError: `file_damaged`, `file_unsupported`, `file_limit`, or the reason of `signal`.
 */
export function unpack(file: JobFile, options: { signal: AbortSignal; limits?: UnpackLimits }): Unpacking {
  const progress = { packedRead: 0, packedSize: file.size, unpacked: 0 }
  const limits = options.limits ?? defaultUnpackLimits
  return { chunks: translateErrors(file.name, options.signal, openChunks(file, progress, limits, options.signal)), progress }
}

async function* openChunks(file: JobFile, progress: UnpackProgress, limits: UnpackLimits, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.throwIfAborted()
  const source = countPacked(addAbortSignal(signal, file.open()), progress)
  try {
    const { head, all: packed } = await peek(source, sniffBytes)
    const format = packedFormatOf(head)
    if (format === null) yield* countUnpacked(packed, progress)
    else yield* limited(file.name, format === 'zip' ? unzip(file, packed, progress, signal) : decoders[format](packed), progress, limits)
  } finally {
    await source.return(undefined)
  }
}

const decoders: Record<Exclude<PackedFormat, 'zip'>, (packed: AsyncIterable<Buffer>) => AsyncIterable<Buffer>> = {
  gzip: (packed) => decodeFrames(packed, { create: () => createGunzip({ chunkSize: 1 << 17 }), after: 'zeros', trailing: gzipTrailing }),
  zstd: (packed) => decodeFrames(packed, { create: () => createZstdDecompress({ chunkSize: 1 << 17 }), after: 'frame', trailing: gzipTrailing }),
  bzip2: bunzip2,
  lzma: unlzma,
  xz: unxzLater,
}

// Its WebAssembly is loaded only for a file that needs it.
async function* unxzLater(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { unxz } = await import('./unxz.ts')
  yield* unxz(packed)
}

function gzipTrailing(): PackingError {
  return new PackingError('damaged', 'other bytes stand after the end of the gzip data')
}

/** A zip is read by jumping about in it, so the check of the stored bytes at the end of a plain read would never be reached: one plain read does it first. */
async function* unzip(file: JobFile, packed: AsyncGenerator<Buffer>, progress: UnpackProgress, signal: AbortSignal): AsyncGenerator<Buffer> {
  while (!(await packed.next()).done) signal.throwIfAborted()
  const member = await openZipMember(file)
  try {
    progress.packedRead = 0
    progress.packedSize = member.packedSize
    yield* member.unpack(countPacked(await member.open(), progress))
  } finally {
    member.close()
  }
}

async function* countPacked(source: AsyncIterable<Buffer>, progress: UnpackProgress): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of source) {
    progress.packedRead += chunk.length
    yield chunk
  }
}

async function* countUnpacked(source: AsyncIterable<Buffer>, progress: UnpackProgress): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    progress.unpacked += chunk.length
    yield chunk
  }
}

async function* limited(file: string, source: AsyncIterable<Buffer>, progress: UnpackProgress, limits: UnpackLimits): AsyncGenerator<Buffer> {
  for await (const chunk of countUnpacked(source, progress)) {
    const { unpacked, packedRead } = progress
    if (unpacked > limits.bytes)
      throw overLimit(file, `its content is larger than ${limits.bytes} bytes unpacked, which is the limit`, { limit: limits.bytes })
    if (unpacked > limits.ratioFrom && unpacked > packedRead * limits.ratio) {
      const sentence = `its content unfolds to more than ${limits.ratio} times its size, which no real backup does; it is read no further`
      throw overLimit(file, sentence, { limit: limits.ratio, unpacked, packedRead })
    }
    yield chunk
  }
}

async function* translateErrors(file: string, signal: AbortSignal, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw translate(file, error)
  }
}

/** Errors of the decompressors as AppError; any other (of the disk, for instance) as it is. */
function translate(file: string, error: unknown): unknown {
  if (error instanceof PackingError) {
    if (error.kind === 'limit') return overLimit(file, error.message)
    return error.kind === 'damaged' ? damagedPacking(file, error.message, error) : unreadablePacking(file, error.message, error)
  }
  if (!(error instanceof Error) || !('code' in error)) return error
  if (error.code === 'Z_BUF_ERROR') return damagedPacking(file, endsInTheMiddle, error)
  if (error.code === 'ZSTD_error_frameParameter_windowTooLarge')
    return overLimit(file, 'unpacking it would take more than 128 MiB of memory; pack it without "--long"')
  return /^(Z|ZSTD)_/.test(String(error.code)) ? damagedPacking(file, `the packed data are broken (${error.message})`, error) : error
}
