import { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { readRecords } from '../read/records.ts'
import type { FixtureRecord } from '../record.ts'

/** Records with their ordinals: their numbers from 0 over all files of the run. */
export type Chunk = { records: FixtureRecord[]; ordinals: number[] }

/** How far the reading of all files is: of packed bytes. */
export type ReadBytes = { read: number; size: number }

export type Wants = (ordinal: number, record: FixtureRecord) => boolean

export type SourceOptions = {
  signal: AbortSignal
  /** Only these records; the others are counted and passed over. */
  wants?: Wants
  /**
   * The records by whose number chunks are cut, when those are more than the wanted ones: so that a run which goes on in the middle has the same chunks as
   * one from the beginning.
   */
  cutBy?: Wants
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

/** Cuts the reader's batches into chunks. `counted` says how many records were passed since the last one. */
async function* chunksOf(batches: AsyncIterable<FixtureRecord[]>, first: number, options: SourceOptions): AsyncGenerator<Counted> {
  const gathering = new Gathering(first, options)
  try {
    for await (const batch of batches) {
      for (const record of batch) {
        gathering.add(record)
        if (gathering.isFull) yield gathering.take()
      }
    }
  } catch (fault) {
    if (!options.signal.aborted) yield gathering.take()
    throw fault
  }
  yield gathering.take()
}

class Gathering {
  readonly #wants: Wants | undefined
  readonly #cutBy: Wants | undefined
  #chunk: Chunk = { records: [], ordinals: [] }
  #ordinal: number
  #counted = 0
  #length = 0
  #from = 0
  #end = 0

  constructor(first: number, { wants, cutBy }: SourceOptions) {
    this.#ordinal = first
    this.#wants = wants
    this.#cutBy = cutBy
  }

  add(record: FixtureRecord): void {
    const isWanted = !this.#wants || this.#wants(this.#ordinal, record)
    if (isWanted) {
      this.#chunk.records.push(record)
      this.#chunk.ordinals.push(this.#ordinal)
    }
    if (this.#cutBy ? this.#cutBy(this.#ordinal, record) : isWanted) this.#length += 1
    this.#ordinal += 1
    this.#counted += 1
    this.#end = record.byte
  }

  get isFull(): boolean {
    return this.#length >= chunkRecords || this.#end - this.#from >= chunkBytes
  }

  take(): Counted {
    const taken = { chunk: this.#chunk, counted: this.#counted }
    this.#chunk = { records: [], ordinals: [] }
    this.#counted = 0
    this.#length = 0
    this.#from = this.#end
    return taken
  }
}
