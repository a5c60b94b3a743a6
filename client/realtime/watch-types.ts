import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { EventPage, ImportView, Ledger, Progress, StoredEvent, WatchGrant } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

/**
 * How the watching goes, not how the run goes. `offline`: the connection is lost and will be tried again by itself. `polling`: no token and no login, the
 * watch cookie is asked every few seconds. `unauthorized`: there is no right to watch any more, `wake` tries again. `ended`: all of a final run is here.
 */
export type WatchState = 'connecting' | 'live' | 'catching_up' | 'offline' | 'polling' | 'unauthorized' | 'missing' | 'ended'

export type WatchListener = {
  /** Contiguous, in order, each event once. */
  onEvents: (events: StoredEvent[]) => void
  onProgress: (figures: { status: SessionStatus; progress: Progress; ledger: Ledger }) => void
  onImport: (view: ImportView) => void
  /** `reason` says why the right to watch ended, when the server said so. */
  onState: (state: WatchState, reason?: RevokeReason) => void
  onToken?: (grant: WatchGrant) => void
}

/** What the watch client asks over HTTP. A token that is null means: by the cookies. All throw ApiError. */
export type WatchServer = {
  view(importId: string, token: string | null, signal: AbortSignal): Promise<ImportView>
  events(importId: string, after: number, token: string | null, signal: AbortSignal): Promise<EventPage>
  issue(importId: string): Promise<WatchGrant>
}

/** How following by one socket, or by polling, came to its end. */
export type Outcome =
  | { type: 'lost' }
  | { type: 'refused' }
  | { type: 'revoked'; reason: RevokeReason }
  | { type: 'missing' }
  | { type: 'unauthorized' }
  | { type: 'woken' }
  | { type: 'ended' }
