import type { ErrorCode } from '../../shared/protocol/errors.ts'
import type { AccountLimits, DeliveryState, LogLevel } from '../../shared/protocol/views.ts'
import type { AccountPlace } from '../../shared/schemas/account.ts'
import type { DestinationRules } from '../destinations/open-destination.ts'
import type { Storage } from '../storage/storage.ts'

/** A file in the storage: its key, hex SHA-256 and bytes. */
export type Stored = { key: string; sha256: string; size: number }

export type DeliveryKey = { file: number; account: string }
/** `resumed`: a former attempt may have got further than the row says. */
type Row = DeliveryKey & { attempts: number; resumed: boolean }
type Copy = { copy: Stored; path: string; shortId: string; marked: boolean }

/**
 * A delivery as its row says it, by how far it came. Each has what the next step reads and nothing else: a row with the key of an original (`upload`) is not
 * one that can be delivered, which has that of a copy.
 */
export type WaitingDelivery = Row & { state: 'waiting' }
export type ValidDelivery = Row & { state: 'valid'; upload: Stored }
export type CopiedDelivery = Row & { state: 'copied' } & Copy
export type DeliveredDelivery = Row & { state: 'delivered' } & Copy
export type OpenDelivery = WaitingDelivery | ValidDelivery | CopiedDelivery | DeliveredDelivery

export type DeliveryError = { code: ErrorCode; message: string }

/** What a step made of a row. `again`: it is to be tried again at that moment (ms since 1970), from the state `back` on. */
export type StepResult =
  | { to: 'valid'; upload: Stored }
  | ({ to: 'copied' } & Copy)
  | { to: 'delivered'; attempts: number; bytes: number }
  | { to: 'verified'; compared: 'content' | 'size' | 'nothing' }
  | { to: 'skipped' }
  | { to: 'again'; back: OpenDelivery['state']; attempts: number; notBefore: number; bytes: number; error: DeliveryError }
  | { to: 'failed'; attempts: number; error: DeliveryError; keepsCopy: boolean }

/** Stored as one with the line that tells of it. Refused when the row is no longer in the state `from`. */
export type DeliveryPatch = DeliveryKey & { from: OpenDelivery['state']; result: StepResult; level: LogLevel; message: string }

/** Deliveries that may be worked on now, and in how many ms there may be more; null when what is given out is all there is. */
export type NextDeliveries = { deliveries: OpenDelivery[]; moreInMs: number | null }

export type DeliveryCounts = Record<DeliveryState, number>

/** An account as it is now. */
export type OpenAccount = { ok: true; place: AccountPlace; limits: AccountLimits } | { ok: false; error: DeliveryError }

/**
 * The rows of a bulk run's deliveries, as its importer sees them. What it gives out is in this attempt's hands until a patch says that it is done, or is to be
 * tried again; accounts are not burdened above their limits, whichever run gives to them.
 */
export type DeliveryBook = {
  counts(): Promise<DeliveryCounts>
  /** At most so many, in turns over the accounts, so that a slow one holds up nobody. */
  next(most: number): Promise<NextDeliveries>
  /** Answers the row as it was stored, null when nothing more is to be done with it now. */
  write(patch: DeliveryPatch): Promise<OpenDelivery | null>
  /** The account lets nobody in: what is not final of it becomes `stopped`. Answers the copies that nobody needs any more. */
  stop(account: string, error: DeliveryError): Promise<{ stopped: number; copies: string[] }>
  account(account: string): Promise<OpenAccount>
  /** Those that may lie at their destinations in part: a try of them failed, or a former attempt may have begun. Not more than can be looked after. */
  begun(): Promise<CopiedDelivery[]>
  /** Takes the next turn of an account's rate, which lasts so many ms; answers in how many ms it begins. */
  turn(account: string, lastsMs: number): Promise<number>
}

/** What a run of kind `bulk` is given besides its files. */
export type BulkPorts = {
  book: DeliveryBook
  accounts: { id: string; name: string }[]
  /** The uploads by their place in the run. */
  uploads: (Stored & { name: string })[]
  storage: Storage
  rules: DestinationRules
  /** Deliveries under way at the same time. */
  mostAtOnce: number
  /** Pause before the second try of a delivery. */
  retryMs: number
  /** Something that nobody foresaw, for the server's log: it may quote paths and contents. */
  fault(thrown: unknown): void
}

/** How the book is asked through the thread's port. */
export type DeliveryQuestion =
  | { ask: 'counts' }
  | { ask: 'next'; most: number }
  | { ask: 'write'; patches: DeliveryPatch[] }
  | { ask: 'stop'; account: string; error: DeliveryError }
  | { ask: 'account'; account: string }
  | { ask: 'begun' }
  | { ask: 'turn'; account: string; lastsMs: number }
