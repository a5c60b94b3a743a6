import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { JobContext, JobFile, ProgressUpdate } from '../../server/jobs/importer.ts'
import type { LogLevel, RejectedRecord } from '../../shared/protocol/views.ts'

/** A job context that keeps everything it is told, as the product would store it. */
export class KeepingContext implements JobContext {
  readonly abort = new AbortController()
  readonly signal = this.abort.signal
  readonly lines: { level: LogLevel; message: string; stream?: string; data?: unknown }[] = []
  readonly updates: ProgressUpdate[] = []
  readonly #stored = new Map<string, RejectedRecord>()
  #pending: RejectedRecord[] = []
  /** Called with each update, to do something at a certain moment of a run. */
  onProgress: (update: ProgressUpdate) => void = () => {}

  async log(level: LogLevel, message: string, extra: { stream?: string; data?: unknown } = {}): Promise<void> {
    this.lines.push({ level, message, ...extra })
  }

  progress(update: ProgressUpdate): void {
    this.updates.push(structuredClone(update))
    this.onProgress(update)
  }

  async reject(record: RejectedRecord): Promise<void> {
    this.#pending.push(record)
  }

  async flush(): Promise<void> {
    for (const record of this.#pending.splice(0)) this.#stored.set(`${record.file}\0${record.record}`, record)
  }

  /** The process ends here: what was not flushed is lost. */
  lose(): void {
    this.#pending = []
  }

  /** Those that were flushed, in the order of file and record. */
  get rejected(): RejectedRecord[] {
    return [...this.#stored.values()].toSorted((a, b) => a.file.localeCompare(b.file) || a.record - b.record)
  }

  get text(): string {
    return this.lines.map(({ level, message }) => `${level}: ${message}`).join('\n')
  }
}

/** A file on the disk as an uploaded one. */
export function fileAsJob(path: string, name = basename(path)): JobFile {
  const bytes = readFileSync(path)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return {
    name,
    path: name,
    size: bytes.length,
    sha256,
    open: () => createReadStream(path),
    read: (start, end) => createReadStream(path, { start, end: end - 1 }),
  }
}

/** Content as an uploaded file that is on no disk. */
export function textAsJob(name: string, content: string | Uint8Array): JobFile {
  const bytes = Buffer.from(content)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const read = (start: number, end: number) => Readable.from([bytes.subarray(start, end)])
  return { name, path: name, size: bytes.length, sha256, open: () => Readable.from([bytes]), read }
}

/** Records as a fixture file. */
export function recordsAsJob(name: string, records: unknown[]): JobFile {
  return textAsJob(name, JSON.stringify(records))
}
