/**
 * The states of an import session, and every move between them that is allowed. One table, read by the server, the pages and the CLI.
 *
 * `resuming` is a run whose worker was lost and whose next attempt has not begun to work; `cancelling` is a run that was asked to stop and drains. A running
 * one is queued again when its importer asks a person first.
 */
export const sessionStatuses = ['queued', 'running', 'resuming', 'cancelling', 'succeeded', 'partly_failed', 'failed', 'cancelled'] as const

export type SessionStatus = (typeof sessionStatuses)[number]

const transitions: Record<SessionStatus, readonly SessionStatus[]> = {
  queued: ['running', 'cancelled', 'failed'],
  running: ['queued', 'resuming', 'cancelling', 'succeeded', 'partly_failed', 'failed', 'cancelled'],
  resuming: ['running', 'cancelling', 'cancelled', 'failed'],
  cancelling: ['cancelled', 'succeeded', 'partly_failed', 'failed'],
  // A final state is left only by a retry, which makes a new attempt of the same import session.
  succeeded: [],
  partly_failed: ['queued'],
  failed: ['queued'],
  cancelled: ['queued'],
}

const finalStatuses: readonly SessionStatus[] = ['succeeded', 'partly_failed', 'failed', 'cancelled']

/** The states from which nothing more happens by itself. */
export function isFinal(status: SessionStatus): boolean {
  return finalStatuses.includes(status)
}

/** Whether `to` may follow `from`. */
export function canMove(from: SessionStatus, to: SessionStatus): boolean {
  return transitions[from].includes(to)
}

/** Whether a person may ask this run to stop. */
export function canCancel(status: SessionStatus): boolean {
  return !isFinal(status) && status !== 'cancelling'
}

/** Whether a person may start another attempt of this run. */
export function canRetry(status: SessionStatus): boolean {
  return isFinal(status) && canMove(status, 'queued')
}
