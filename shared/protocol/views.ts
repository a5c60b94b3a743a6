import type { SessionStatus } from '../session-status.ts'
import type { ErrorCode } from './errors.ts'

export type ImportKind = 'restore' | 'commerce' | 'bulk' | 'table'

/** total = succeeded + failed + skipped + notReached. `total` and `notReached` are null while the total is not known. */
export type Ledger = {
  total: number | null
  succeeded: number
  failed: number
  skipped: number
  notReached: number | null
}

/** Volatile figures. `rate` is units a second; `etaMs` milliseconds. The newest wins; never replayed. */
export type Progress = {
  percent: number | null
  done: number
  total: number | null
  unit: 'records' | 'bytes' | 'deliveries'
  step?: { name: string; index: number; count: number }
  current?: string
  /** Of kind `bulk`: deliveries that are being sent now, at most 64. */
  deliveries?: SentNow[]
  rate: number | null
  etaMs: number | null
}

/** A delivery under way: place of its file in the run, id of its account, bytes that are there of how many. */
export type SentNow = { file: number; account: string; bytes: number; size: number }

/**
 * Why a queued import session is not given to a worker. `receiving`: its files are still arriving. `confirm`: the importer found something that a person
 * should look at before anything is written; `figures` say what, by name.
 */
export type Hold = { reason: 'receiving' | 'confirm'; message: string; figures?: Record<string, number> }

/** An import session as everyone sees it. Times are ISO 8601 UTC with milliseconds, sizes bytes. */
export type ImportView = {
  id: string
  kind: ImportKind
  types?: string[]
  title: string
  status: SessionStatus
  /** No sign of life for longer than this run's own rhythm explains. */
  stalled: boolean
  hold?: Hold
  target?: { id: string; name: string }
  user: { id: string; name: string }
  requestId: string
  /** `relativePath`: where it lay in the folder that was sent. */
  files: { name: string; size: number; sha256: string; relativePath?: string }[]
  options: Record<string, unknown>
  progress: Progress
  ledger: Ledger
  attempt: number
  lastSeq: number
  /** Hex SHA-256 chain over the stored events, once the run has ended. */
  logChecksum?: string
  createdAt: string
  startedAt?: string
  endedAt?: string
  error?: { code: ErrorCode; message: string }
}

export const logLevels = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** One kept fact of an import session, numbered 1, 2, 3… without a hole. */
export type StoredEvent = {
  seq: number
  at: string
  type: 'log' | 'status'
  level?: LogLevel
  /** An account, a file, a step. */
  stream?: string
  message?: string
  data?: unknown
  status?: SessionStatus
}

export type EventPage = { events: StoredEvent[]; lastSeq: number; more: boolean }

export type WatchGrant = { token: string; expiresAt: string }
export type WatchTokenView = { id: string; user: { id: string; name: string }; createdAt: string; expiresAt: string; lastUsedAt?: string }

export type StartAnswer = { outcome: 'started' | 'joined'; import: ImportView; watch: WatchGrant }

/** `exchange`: 1C's own login. It can do nothing but exchange. */
export type Role = 'staff' | 'superuser' | 'exchange'
export type UserView = { id: string; login: string; name: string; role: Role; disabled: boolean; createdAt: string; exchange?: ExchangeSettingsView }

/** What 1C may bring (types of kind `commerce`), and where it goes. `target` is an id; `source` tells two 1C databases apart. */
export type ExchangeSettingsView = { target: string; types: string[]; source: string; deactivate: boolean }
/** `expiresAt` is when the login ends if nothing more is asked for; `absoluteExpiresAt` when it ends whatever is asked for. */
export type MeView = { user: UserView; expiresAt: string; absoluteExpiresAt: string }

export type TargetView = {
  id: string
  name: string
  /** Without its password. */
  url: string
  dialect: 'sqlite' | 'postgresql' | 'mariadb'
  createdAt: string
  /** The target that is there from the start can't be removed. */
  builtIn: boolean
}
export type TargetTest = { ok: true; version: string; tables: number } | { ok: false; error: { code: ErrorCode; message: string } }
export type TableView = { name: string; rows: number | null; columns: { name: string; type: string; nullable: boolean; primaryKey: boolean }[] }
export type RowsPage = { columns: string[]; rows: (string | number | boolean | null)[][]; total: number | null }

/** What an account may be burdened with. `null` is no limit; sizes are bytes. */
export type AccountLimits = { concurrency: number; bytesPerSecond: number | null; maxBytes: number | null }

/** Where bulk uploads deliver. */
export type AccountView = {
  id: string
  name: string
  driver: 'directory' | 's3' | 'sftp' | 'webdav' | 'http'
  /** What the driver connects by, without what is secret. */
  address: Record<string, unknown>
  /** Names of the secrets that are stored; never their values. */
  secrets: string[]
  limits: AccountLimits
  createdAt: string
}
export type AccountTest = { ok: true; description: string } | { ok: false; error: { code: ErrorCode; message: string } }

/** A record that did not go in. `position` says where it stands: file, record number from 1, byte of its start in the unpacked file, line where lines mean something. */
export type RejectedRecord = {
  file: string
  record: number
  byte: number
  line?: number
  model?: string
  key?: string
  code: ErrorCode
  reason: string
  /** The record as it was read, cut at 64 KiB. */
  content?: string
}

/** `verified`, `failed`, `stopped` (its account let nobody in) and `skipped` (the same bytes went to that account already) are final. */
export const deliveryStates = ['waiting', 'valid', 'copied', 'delivered', 'verified', 'failed', 'stopped', 'skipped'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** One file to one account. `file` is its place in the files of the run, from 0. `path`, `sha256`, `size`: of the account's own copy, once it is made. */
export type DeliveryView = {
  file: number
  account: string
  state: DeliveryState
  attempts: number
  bytes: number
  size: number
  path?: string
  sha256?: string
  error?: { code: ErrorCode; message: string }
  /** It is tried again, but not before. */
  notBefore?: string
}

/** What the event of a state change bears in its `data`. */
export type DeliveryChange = Omit<DeliveryView, 'bytes' | 'size'> & { size?: number }

/** A page of deliveries, by account in the order of the start, then by file. `lastSeq` was read before them: later events may be in them already. */
export type DeliveriesPage = {
  lastSeq: number
  accounts: { id: string; name: string; driver: AccountView['driver']; counts: Partial<Record<DeliveryState, number>> }[]
  deliveries: DeliveryView[]
  next: string | null
}

/** Whose copy a file is. `by`: how it was known. */
export type TraceAnswer = {
  found: { importId: string; account: { id: string; name: string }; file: string; at: string; by: 'mark' | 'checksum' | 'name' } | null
}

export type HistoryPage = { items: ImportView[]; total: number }
