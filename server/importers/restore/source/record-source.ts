import { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { readRecords } from '../read/records.ts'
import type { FixtureRecord } from '../record.ts'

/** Records with their ordinals: their numbers from 0 over all files of the run. */
export type Chunk = { records: FixtureRecord[]; ordinals: number[] }

/** How far the reading of all files is: of packed bytes. */
export type ReadBytes = { read: number; size: number }

export type SourceOptions = {
  signal: AbortSignal
  /** Only these records; the others are counted and passed over. */
  wants?: (ordinal: number, record: FixtureRecord) => boolean
  onRead?: (bytes: ReadBytes) => void
  /** Takes the fault of a file that can't be read to its end; then the next file is read. Without it the fault is thrown. */
  onDamage?: (fault: AppError, file: JobFile, after: FixtureRecord | null) => void
}

/** A chunk is given out when it has so many records, or spans so many bytes of the file. */
const chunkRecords = 2000
const chunkBytes = 4 << 20

/** Reads all files of a run as one sequence of records, as often as needed, in chunks of a size that is good to write. */
export class RecordSource {
  readonly #files: JobFile[]

  constructor(files: JobFile[]) {
    this.#files = files
  }

  /** Throws what `readRecords` throws; before that, what was read is given out. */
  async *chunks(options: SourceOptions): AsyncGenerator<Chunk> {
    const size = this.#files.reduce((sum, file) => sum + file.size, 0)
    let ordinal = 0
    let before = 0
    for (const file of this.#files) {
      const bytesBefore = before
      const onProgress = ({ packedRead, packedSize }: { packedRead: number; packedSize: number }): void => {
        options.onRead?.({ read: bytesBefore + (packedSize > 0 ? Math.min(1, packedRead / packedSize) * file.size : 0), size })
      }
      for await (const { chunk, counted } of chunksOf(readWhole(file, options, onProgress), ordinal, options)) {
        ordinal += counted
        if (chunk.records.length > 0) yield chunk
      }
      before += file.size
    }
  }
}

type OnProgress = (progress: { packedRead: number; packedSize: number }) => void

async function* readWhole(file: JobFile, { signal, onDamage }: SourceOptions, onProgress: OnProgress): AsyncGenerator<FixtureRecord[]> {
  let last: FixtureRecord | null = null
  try {
    for await (const batch of readRecords(file, { signal, onProgress })) {
      last = batch.at(-1) ?? last
      yield batch
    }
  } catch (fault) {
    if (!onDamage || signal.aborted || !isDamage(fault)) throw fault
    onDamage(fault, file, last)
  }
}

/** A fault of the content, which names its file; not one of the disk that it lies on. */
function isDamage(fault: unknown): fault is AppError {
  const codes: unknown[] = ['file_damaged', 'file_unsupported', 'file_limit']
  return fault instanceof AppError && codes.includes(fault.code) && fault.details?.['file'] !== undefined
}

type Counted = { chunk: Chunk; counted: number }

/** Gathers the reader's batches into chunks. `counted` says how many records were passed since the last one. */
async function* chunksOf(batches: AsyncIterable<FixtureRecord[]>, first: number, { wants, signal }: SourceOptions): AsyncGenerator<Counted> {
  let chunk: Chunk = { records: [], ordinals: [] }
  let counted = 0
  let ordinal = first
  let from = 0
  try {
    for await (const batch of batches) {
      for (const record of batch) {
        if (!wants || wants(ordinal, record)) {
          chunk.records.push(record)
          chunk.ordinals.push(ordinal)
        }
        ordinal += 1
        counted += 1
      }
      const end = batch.at(-1)?.byte ?? 0
      if (chunk.records.length < chunkRecords && end - from < chunkBytes) continue
      yield { chunk, counted }
      chunk = { records: [], ordinals: [] }
      counted = 0
      from = end
    }
  } catch (fault) {
    if (chunk.records.length > 0 && !signal.aborted) yield { chunk, counted }
    throw fault
  }
  yield { chunk, counted }
}
