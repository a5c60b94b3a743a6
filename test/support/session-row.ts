import type { ImportSession } from '../../server/database/entities.ts'
import { chainStart } from '../../server/realtime/event-chain.ts'

/** A row of an import session that waits, with what a test says of it. */
export function sessionRow(given: Partial<ImportSession> & { id: string }): ImportSession {
  return {
    kind: 'restore',
    title: 'backup.json',
    searchText: 'backup.json',
    status: 'queued',
    options: {},
    files: [],
    targetId: 'main',
    userId: 'user_x',
    requestId: 'request-x',
    dedupeKey: given.id,
    activeKey: given.id,
    idempotencyKey: null,
    attempt: 0,
    retryBase: 0,
    retryOnly: null,
    lastSeq: 0,
    logHash: chainStart,
    progress: { percent: 0, done: 0, total: null, unit: 'records', rate: null, etaMs: null },
    ledger: { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null },
    error: null,
    markerPending: false,
    deaths: 0,
    worker: null,
    leasedUntil: null,
    waitingSince: null,
    hold: null,
    stalled: false,
    version: 1,
    uploadsGone: false,
    createdAt: Date.now(),
    startedAt: null,
    endedAt: null,
    ...given,
  }
}
