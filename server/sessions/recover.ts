import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { Logger } from '../logging/logger.ts'
import type { Storage } from '../storage/storage.ts'
import type { SqlAttemptStore } from './attempt-store.ts'

type RecoverParts = {
  database: Database
  store: SqlAttemptStore
  storage: Storage
  enqueue: (importId: string) => Promise<void>
  log: Logger
}

/**
 * Puts right what a process that ended in the middle left behind: its runs resume, waiting ones are queued again, checkpoints of ended runs leave their
 * targets, and files that belong to no run are removed. Called when no worker runs yet.
 */
export async function recover(parts: RecoverParts): Promise<void> {
  const runs = await takeUp(parts, () => false, 'The server was stopped in the middle of this run.')
  if (runs > 0) parts.log.info({ runs }, 'runs put back into the queue')
  await forgetEnded(parts)
  await removeOrphans(parts, Infinity)
}

/**
 * Resumes runs that nobody holds although they are said to be running, and queues those that wait. Answers how many are in the queue now. The rows are
 * the truth: whatever the queue or a worker forgot is found here.
 */
export async function takeUp(
  { database, store, enqueue }: Pick<RecoverParts, 'database' | 'store' | 'enqueue'>,
  isHeld: (importId: string) => boolean,
  reason: string,
): Promise<number> {
  const claimed = await database.em().find(ImportSessionEntity, { status: { $in: ['running', 'cancelling'] } }, { fields: ['id', 'attempt'] })
  for (const row of claimed) if (!isHeld(row.id)) await store.resume(row.id, row.attempt, 'worker_lost', reason)
  const waiting = await database
    .em()
    .find(ImportSessionEntity, { status: { $in: ['queued', 'resuming'] } }, { fields: ['id'], orderBy: { createdAt: 'asc' } })
  const free = waiting.filter((row) => !isHeld(row.id))
  for (const row of free) await enqueue(row.id)
  return free.length
}

async function forgetEnded({ database, store, log }: RecoverParts): Promise<void> {
  const ended = await database.em().find(ImportSessionEntity, { markerPending: true, endedAt: { $ne: null } }, { fields: ['id'] })
  for (const { id } of ended) {
    try {
      await store.forget(id)
    } catch (error) {
      log.warn({ err: error, importId: id }, 'the checkpoint of an ended run is still in its target')
    }
  }
}

/**
 * Removes files that belong to no run, and what uploads that were cut off left. `olderThan`, a moment: what is younger may be an upload that another process is
 * receiving, whose run is not written yet. Infinity is for the one process that has just found itself alone.
 */
export async function removeOrphans(
  { database, storage, log }: Pick<RecoverParts, 'database' | 'storage' | 'log'>,
  olderThan: number,
): Promise<void> {
  const known = new Set<string>()
  const rows = await database.em().find(ImportSessionEntity, { uploadsGone: false }, { fields: ['files'], disableIdentityMap: true })
  for (const row of rows) for (const file of row.files) known.add(file.key)
  for await (const { key, modifiedAt } of storage.list()) {
    if (known.has(key) || modifiedAt >= olderThan) continue
    await storage.remove(key)
    log.info({ key }, 'removed an upload that belongs to no run')
  }
  const uploads = await storage.sweep(olderThan)
  if (uploads > 0) log.info({ uploads }, 'removed what uploads that were cut off left')
}

/** Removes the files of runs that ended longer ago than `keepMs`. */
export async function removeOldUploads(database: Database, storage: Storage, keepMs: number): Promise<void> {
  const rows = await database
    .em()
    .find(ImportSessionEntity, { uploadsGone: false, endedAt: { $lt: Date.now() - keepMs } }, { fields: ['id', 'files'], disableIdentityMap: true })
  for (const row of rows) {
    for (const file of row.files) await storage.remove(file.key)
    await database.em().nativeUpdate(ImportSessionEntity, { id: row.id, endedAt: { $ne: null } }, { uploadsGone: true })
  }
}
