import type { ErrorCode } from '../../../shared/protocol/errors.ts'
import { AppError, messageOf } from '../../errors.ts'
import type { Table, Target, TargetTransaction } from '../target.ts'

/** The calls of a target and of its transaction. A savepoint is opened, and then released or undone. */
export type Call =
  | { of: 'thread'; name: 'open' }
  | { of: 'target'; name: Exclude<keyof Target, 'capabilities' | 'bring'>; args: unknown[] }
  | { of: 'transaction'; name: Exclude<keyof TargetTransaction, 'savepoint'>; args: unknown[] }
  | { of: 'savepoint'; name: 'open' | 'release' | 'undo' }
  | { of: 'batches'; name: 'write'; number: number }

export type Question = { id: number; call: Call }
/** Batches that will be written, under the number by which that is asked for. */
export type Brought = { number: number; batches: unknown[] }
export type Answer = { id: number; value?: unknown; error?: SentError }

export type SentError = {
  code: ErrorCode | null
  message: string
  cause?: string
  status?: number
  details?: Record<string, unknown>
  retryable?: boolean
}

/** A table goes over once and is known by its number from then on, so that what was prepared for it serves again. */
export type SentTable = { number: number; table: Table | null }

/** What was thrown, in a form that goes from thread to thread. */
export function sentError(thrown: unknown): SentError {
  if (!(thrown instanceof AppError)) return { code: null, message: messageOf(thrown) }
  const { code, message, status, details, retryable, cause } = thrown
  return { code, message, status, retryable, ...(details && { details }), ...(cause !== undefined && { cause: messageOf(cause) }) }
}

export function receivedError({ code, message, cause, ...options }: SentError): Error {
  return code === null ? new Error(message) : new AppError(code, message, { ...options, ...(cause !== undefined && { cause: new Error(cause) }) })
}
