import { createHash } from 'node:crypto'
import { newId } from '../auth/secrets.ts'
import type { ImportSession, StoredFile } from '../database/entities.ts'
import { chainStart } from '../realtime/event-chain.ts'
import type { ImportKind, Progress } from '../../shared/protocol/views.ts'
import { deliveriesOf } from './deliveries/open-deliveries.ts'
import { newestVersion } from './version.ts'

export type StartRequest = {
  kind: ImportKind
  targetId: string | null
  options: Record<string, unknown>
  files: StoredFile[]
  /** Ids of the uploads among them, which this run takes. */
  uploads?: string[]
  user: { id: string; loginId: string | null }
  requestId: string
  idempotencyKey: string | undefined
  /** When the request began, before its files were received: a wish from before the end of a run joins that run. */
  receivedAt: number
}

/** The row of an import session as it begins: queued, and waiting for a worker. */
export function draftOf(request: StartRequest): ImportSession {
  const now = Date.now()
  const dedupeKey = dedupeKeyOf(request)
  const title = titleOf(request.files)
  return {
    id: `${request.kind}_${now}_${newId()}`,
    kind: request.kind,
    title,
    searchText: searchTextOf(title, request.files),
    status: 'queued',
    options: request.options,
    files: request.files,
    targetId: request.targetId,
    userId: request.user.id,
    requestId: request.requestId,
    dedupeKey,
    activeKey: dedupeKey,
    idempotencyKey: request.idempotencyKey ? `${request.user.id}:${request.idempotencyKey}` : null,
    attempt: 0,
    retryBase: 0,
    retryOnly: null,
    lastSeq: 0,
    logHash: chainStart,
    progress: progressOf(request),
    ledger: { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null },
    error: null,
    markerPending: false,
    deaths: 0,
    worker: null,
    leasedUntil: null,
    waitingSince: now,
    hold: null,
    stalled: false,
    version: newestVersion,
    uploadsGone: false,
    createdAt: now,
    startedAt: null,
    endedAt: null,
  }
}

function progressOf(request: StartRequest): Progress {
  const total = deliveriesOf(request)
  return { percent: 0, done: 0, total, unit: total === null ? 'records' : 'deliveries', rate: null, etaMs: null }
}

/** What makes two starts the same: kind, target, options and content, whatever the files are called. The wish to run it again is not part of what is run. */
export function dedupeKeyOf({ kind, targetId, options, files }: Pick<StartRequest, 'kind' | 'targetId' | 'options' | 'files'>): string {
  const { again: _, ...rest } = options
  const sorted = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([kind, targetId, sorted, files.map((file) => [file.size, file.sha256])]))
    .digest('hex')
}

export function searchTextOf(title: string, files: StoredFile[]): string {
  return [title, ...files.map((file) => file.name)].join('\n').toLowerCase().slice(0, 20_000)
}

function titleOf(files: StoredFile[]): string {
  const [first, ...more] = files
  if (!first) return ''
  return more.length === 0 ? first.name : `${first.name} + ${more.length}`
}
