import type { ImportSession } from '../database/entities.ts'
import type { LiveRuns } from '../jobs/live-runs.ts'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'

type Names = { user: string | undefined; target: string | undefined }

/** An import session as everyone sees it: never its keys, hashes and places on disk. The figures of a run that works here are the newest there are. */
export function presentImport(row: ImportSession, names: Names, live: ReturnType<LiveRuns['get']>): ImportView {
  // A run that is queued again may still have a former attempt that is on its way out.
  const fresh = live?.attempt === row.attempt && row.status !== 'queued' ? live : undefined
  return {
    id: row.id,
    kind: row.kind,
    ...(Array.isArray(row.options['types']) && { types: row.options['types'].map(String) }),
    title: row.title,
    status: row.status,
    stalled: !isFinal(row.status) && (fresh?.stalled ?? row.stalled),
    ...(row.hold && !isFinal(row.status) && { hold: row.hold }),
    ...(row.targetId && { target: { id: row.targetId, name: names.target ?? row.targetId } }),
    user: { id: row.userId, name: names.user ?? row.userId },
    requestId: row.requestId,
    files: row.files.map(({ name, size, sha256, relativePath }) => ({ name, size, sha256, ...(relativePath && { relativePath }) })),
    options: row.options,
    progress: isFinal(row.status) ? row.progress : (fresh?.progress ?? row.progress),
    ledger: isFinal(row.status) ? row.ledger : (fresh?.ledger ?? row.ledger),
    attempt: row.attempt,
    lastSeq: row.lastSeq,
    ...(isFinal(row.status) && { logChecksum: row.logHash }),
    createdAt: new Date(row.createdAt).toISOString(),
    ...(row.startedAt && { startedAt: new Date(row.startedAt).toISOString() }),
    ...(row.endedAt && { endedAt: new Date(row.endedAt).toISOString() }),
    ...(row.error && { error: row.error }),
  }
}
