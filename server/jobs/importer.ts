import type { Readable } from 'node:stream'
import type { ErrorCode } from '../../shared/protocol/errors.ts'
import type { Ledger, LogLevel, RejectedRecord, SentNow } from '../../shared/protocol/views.ts'
import type { Target } from '../targets/target.ts'
import type { BulkPorts } from './delivery-book.ts'

/** An uploaded file, as an importer sees it. */
export type JobFile = {
  /** The name the user's file had. For people; never a path. */
  name: string
  /** Where it lay in what was sent: the folders that were named before it, and its name, with "/" between. Never a path of this machine. */
  path: string
  size: number
  sha256: string
  /**
   * The stored bytes as a stream. The first complete read checks size and SHA-256 against what was counted at receipt and fails with `file_damaged`
   * at its end when they differ.
   */
  open(): Readable
  /** The bytes from `start`, without the one at `end`: for formats that are read by jumping about in them. Not checked: read the file whole by `open` before. */
  read(start: number, end: number): Readable
}

export type ProgressUpdate = {
  /** 0 to 100 over all steps, or null. Never goes back within an attempt. */
  percent: number | null
  done: number
  total: number | null
  unit: 'records' | 'bytes' | 'deliveries'
  step?: { name: string; index: number; count: number }
  current?: string
  deliveries?: SentNow[]
  ledger: Ledger
}

/** Everything an importer sees of the world. */
export type JobContext = {
  /** Aborted when the run is to stop. Its reason is an AppError: `cancelled` or `shutting_down`. */
  readonly signal: AbortSignal
  /**
   * Adds a line to the run's log. Resolves at once, or, when storing is slower than logging, when there is room again: await it.
   */
  log(level: LogLevel, message: string, extra?: { stream?: string; data?: unknown }): Promise<void>
  /** Cheap: call it often, it is thinned out to ten a second. */
  progress(update: ProgressUpdate): void
  /** Keeps a record that did not go in. The same (file, record) again replaces it, so that a resumed run may say it twice. */
  reject(record: RejectedRecord): Promise<void>
  /** Resolves when all lines and rejected records so far are stored. Awaited before a checkpoint commits. */
  flush(): Promise<void>
}

export type Job = {
  importId: string
  attempt: number
  /** As the importer's schema parsed them at the start. */
  options: unknown
  files: JobFile[]
  /** A retry of the rejected records alone: their (file name, record number), in order. */
  only?: { file: string; record: number }[]
  target?: Target
  /** Of kind `bulk`. */
  bulk?: BulkPorts
}

/** How a run ended. `failed` with an error; `partly_failed` when some records went in and some did not. */
export type JobOutcome =
  | { status: 'succeeded' | 'partly_failed'; ledger: Ledger }
  | { status: 'failed' | 'cancelled'; ledger: Ledger; error: { code: ErrorCode; message: string; details?: Record<string, unknown> } }

/** What a person is asked before anything is written: a sentence, and the figures behind it by name. */
export type Question = { message: string; figures: Record<string, number> }

/** The run waits for a person. Nothing was written. When it goes on, another attempt runs from the start with the option `confirmed`. */
export type Held = { status: 'held'; question: Question }

/**
 * What a run of one kind does. It runs in a thread of its own. A module of an importer exports one as `importer`.
 * A throw is a failed run: `cancelled` and `shutting_down` from `signal.throwIfAborted()` mean what they say.
 */
export type Importer<T extends JobOutcome | Held = JobOutcome | Held> = {
  run(job: Job, context: JobContext): Promise<T>
  /** It reads on while it writes: a target that is no server works in a thread of its own. */
  readsOn?: boolean
}
