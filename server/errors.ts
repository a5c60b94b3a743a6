import { errorStatus } from '../shared/protocol/errors.ts'
import type { ErrorCode, WireError } from '../shared/protocol/errors.ts'

type AppErrorOptions = {
  /** HTTP status, when it is not the one of the code. */
  status?: number
  details?: Record<string, unknown>
  /** Whether the same call may go through later without anything having been changed. */
  retryable?: boolean
  cause?: unknown
}

/** An error with a stable code. Drivers translate foreign errors into it at the seam; nobody matches on message text. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly details: Record<string, unknown> | undefined
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.status = options.status ?? errorStatus[code]
    this.details = options.details
    this.retryable = options.retryable ?? (this.status === 429 || this.status === 503)
  }
}

/**
 * Any thrown value as an AppError, also one of ours that a library has wrapped in its own. What is not one of ours becomes `internal`, without its text:
 * that is for the server's log.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof Error && thrown.cause instanceof AppError) return thrown.cause
  return new AppError('internal', 'Something went wrong on the server. The request id finds it in the server log.', { cause: thrown })
}

/** The one shape in which an error leaves: HTTP, sockets and CLI share it. */
export function toWireError(thrown: unknown, requestId: string): WireError {
  const error = toAppError(thrown)
  return {
    error: { code: error.code, message: error.message, ...(error.details && { details: error.details }), requestId },
  }
}

/** The text of any thrown value, for log lines. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
