import type { ErrorCode } from '../../shared/protocol/errors.ts'
import type { LogLevel, Progress, Ledger, RejectedRecord } from '../../shared/protocol/views.ts'
import type { StorageAddress } from '../config/config.ts'
import type { TargetAddress } from '../targets/target.ts'
import type { DestinationRules } from '../destinations/open-destination.ts'
import type { DeliveryQuestion } from './delivery-book.ts'
import type { Held, JobOutcome } from './importer.ts'

/** What a thread is started with. `importerModule` is the URL of a module that exports `importer`. */
export type ThreadInput = {
  importerModule: string
  importId: string
  attempt: number
  options: unknown
  files: { name: string; key: string; size: number; sha256: string; relativePath?: string }[]
  storage: StorageAddress
  /** What the thread may hold. */
  memoryMb: number
  target: TargetAddress | null
  only: { file: string; record: number }[] | null
  /** Of a run of kind `bulk`. */
  bulk: { accounts: { id: string; name: string }[]; rules: DestinationRules; mostAtOnce: number; retryMs: number } | null
}

export type LogLine = { level: LogLevel; message: string; stream?: string; data?: unknown }

/** From the thread. A `batch` is answered by `stored` once it is kept; so storing sets the pace of logging. */
export type FromThread =
  | { type: 'batch'; lines: LogLine[]; rejected: RejectedRecord[] }
  | { type: 'progress'; progress: Progress; ledger: Ledger }
  /** Answered by `answer` with the same number, after everything that was said before is stored. When it can't be, the attempt ends. */
  | { type: 'ask'; id: number; question: DeliveryQuestion }
  /** It holds more than it may; the thread is ended. */
  | { type: 'out_of_memory' }
  /** For the server's log. */
  | { type: 'fault'; stack: string }
  | { type: 'outcome'; outcome: ThreadOutcome }

/** To the thread. `stop` aborts the signal; `end` lets it go: with `forget`, its checkpoint in the target is removed first. */
export type ToThread =
  | { type: 'stored' }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'stop'; code: ErrorCode; message: string }
  | { type: 'end'; forget: boolean }

/** `interrupted`: stopped by a shutdown; what was committed stands, and the next attempt goes on from there. */
export type ThreadOutcome = JobOutcome | Held | { status: 'interrupted' }
