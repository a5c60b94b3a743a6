import type { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import type { FixtureRecord } from '../record.ts'
import { ArrayCutter } from './cut-array.ts'
import { LineCutter } from './cut-lines.ts'
import { unsupported } from './damage.ts'
import { sniffBytes, sniffRestoreFile } from './describe.ts'
import type { FixtureFormat } from './describe.ts'
import { peek } from './head.ts'
import { packedNames } from './magic.ts'
import { textChunks } from './text-chunks.ts'
import type { TextChunk } from './text-chunks.ts'
import { defaultUnpackLimits, unpack } from './unpack.ts'
import type { UnpackLimits, UnpackProgress, Unpacking } from './unpack.ts'

export type ReadLimits = UnpackLimits & {
  /** Bytes of one record, at most. */
  recordBytes: number
}

const defaultReadLimits: ReadLimits = { ...defaultUnpackLimits, recordBytes: 64 * 2 ** 20 }

export type ReadOptions = {
  signal: AbortSignal
  limits?: Partial<ReadLimits>
  /** Called before each batch is given out. The object is the same each time. */
  onProgress?: (progress: Readonly<UnpackProgress>) => void
}

/** A batch is given out when it has so many records, or when so many bytes were read for it. */
const batchRecords = 500
const batchBytes = 1 << 20

/**
 * The records of a Django fixture (a JSON list, or JSON Lines), packed or not, in batches, in the order of the file, in constant memory.
 * A record that can be told from its neighbours but not taken comes as one with a `problem`. Throws AppError: `file_damaged` or `file_unsupported` where the
 * file as a whole can't be read on (with `details` of file, record, line and byte), `file_limit`, or the reason of `signal`.
 */
export async function* readRecords(file: JobFile, options: ReadOptions): AsyncGenerator<FixtureRecord[]> {
  const limits = { ...defaultReadLimits, ...options.limits }
  const unpacking = unpack(file, { signal: options.signal, limits })
  try {
    const { format, chunks } = await recognise(file.name, unpacking)
    const cutter = format === 'json' ? new ArrayCutter(file.name, limits) : new LineCutter(file.name, limits)
    yield* cutAll(cutter, textChunks(file.name, chunks), () => {
      options.signal.throwIfAborted()
      options.onProgress?.(unpacking.progress)
    })
  } finally {
    await unpacking.chunks.return(undefined)
  }
}

type Cutter = { push(chunk: TextChunk, out: FixtureRecord[]): void; end(out: FixtureRecord[]): AppError | null }

async function* cutAll(cutter: Cutter, chunks: AsyncIterable<TextChunk>, beforeBatch: () => void): AsyncGenerator<FixtureRecord[]> {
  let batch: FixtureRecord[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    try {
      cutter.push(chunk, batch)
    } catch (error) {
      // What stands before the fault is sound, and whoever keeps going wants it.
      if (batch.length > 0) yield batch
      throw error
    }
    bytes += chunk.bytes.length
    if (batch.length < batchRecords && bytes < batchBytes) continue
    beforeBatch()
    if (batch.length > 0) yield batch
    batch = []
    bytes = 0
  }
  beforeBatch()
  const fault = cutter.end(batch)
  if (batch.length > 0) yield batch
  if (fault !== null) throw fault
}

/** Looks at the beginning of the unpacked content. Throws `file_unsupported` when it is not a fixture. */
async function recognise(file: string, unpacking: Unpacking): Promise<{ format: FixtureFormat; chunks: AsyncIterable<Buffer> }> {
  const { head, all } = await peek(unpacking.chunks, sniffBytes)
  const sniffed = sniffRestoreFile(head, file)
  if (!sniffed.ok) throw unsupported(file, sniffed.what)
  if (sniffed.format !== 'json' && sniffed.format !== 'jsonl')
    throw unsupported(file, `packed twice: inside is ${packedNames[sniffed.format]}. Unpack it once`)
  return { format: sniffed.format, chunks: all }
}
