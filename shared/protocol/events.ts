import type { SessionStatus } from '../session-status.ts'
import type { WireError } from './errors.ts'
import type { EventPage, ImportView, Ledger, Progress, StoredEvent } from './views.ts'

/** At most this many events in one page, over the socket and over HTTP. */
export const eventPageLimit = 1000

export type WatchAck = ({ ok: true; import: ImportView } & EventPage) | ({ ok: false } & WireError)
export type PlainAck = { ok: true } | ({ ok: false } & WireError)

/** What a browser may send. Every payload is parsed by zod before it is looked at. */
export type ClientToServer = {
  /** Join the room of an import session: a snapshot, what was missed after `after`, then live. Ask again with the last `seq` until `more` is false. */
  watch: (request: { importId: string; after?: number }, ack: (answer: WatchAck) => void) => void
  /** Leave that room. */
  unwatch: (request: { importId: string }, ack: (answer: PlainAck) => void) => void
  /** Login only: hear of every import session. */
  history: (ack: (answer: PlainAck) => void) => void
}

/** What a server sends. */
export type ServerToClient = {
  /** Stored events, contiguous and in order. */
  event: (message: { importId: string; events: StoredEvent[] }) => void
  /** Volatile: the newest wins, at most 10 a second. */
  progress: (message: { importId: string; status: SessionStatus; progress: Progress; ledger: Ledger }) => void
  /** The status, or another lasting property of the import session, changed. */
  import: (message: { import: ImportView }) => void
  /** The watch token was renewed: use this one from now on. */
  token: (message: { importId: string; token: string; expiresAt: string }) => void
  /** The right to watch ended; the socket is closed after it. */
  revoked: (message: { importId?: string; reason: RevokeReason }) => void
  /** This socket was slower than the run: it left the room, and catches up by `watch` from its own last `seq`. */
  lag: (message: { importId: string; lastSeq: number }) => void
}

export type RevokeReason = 'revoked' | 'expired' | 'user_disabled' | 'password_changed' | 'logout' | 'role_lost' | 'login_expired'
