import type { Database } from '../database/database.ts'
import { ExchangePieceEntity, ImportSessionEntity, UploadEntity } from '../database/entities.ts'
import type { Logger } from '../logging/logger.ts'
import type { Storage } from '../storage/storage.ts'
import { copiesOf, keptInputs } from './deliveries/copy-keys.ts'
import type { SqlAttemptStore } from './attempt-store.ts'

type TidyParts = { database: Database; store: SqlAttemptStore; storage: Storage; log: Logger }

/** An upload that a process is still receiving belongs to no run yet; after so long it does not come any more. */
const longestUploadMs = 24 * 3_600_000

/**
 * Removes what ended runs and broken uploads left behind: checkpoints in targets, files that belong to no run. `alone`: no other process can be receiving
 * an upload, and this one has not begun to.
 */
export async function tidy(parts: TidyParts, { alone }: { alone: boolean }): Promise<void> {
  await forgetEnded(parts)
  await removeOrphans(parts, alone ? Infinity : Date.now() - longestUploadMs)
}

async function forgetEnded({ database, store }: TidyParts): Promise<void> {
  const ended = await database.em().find(ImportSessionEntity, { markerPending: true, endedAt: { $ne: null } }, { fields: ['id'] })
  for (const { id } of ended) await store.forget(id)
}

/**
 * Removes files that belong to no run, and what uploads that were cut off left. `olderThan`, a moment: what is younger may be an upload that another process is
 * receiving, whose run is not written yet. Infinity is for the one process that has just found itself alone.
 */
async function removeOrphans({ database, storage, log }: Pick<TidyParts, 'database' | 'storage' | 'log'>, olderThan: number): Promise<void> {
  const known = new Set<string>()
  const rows = await database.em().find(ImportSessionEntity, { uploadsGone: false }, { fields: ['files'], disableIdentityMap: true })
  for (const row of rows) for (const file of row.files) known.add(file.key)
  for (const { key } of await database.em().find(ExchangePieceEntity, {}, { fields: ['key'], disableIdentityMap: true })) known.add(key)
  for await (const key of keptInputs(database)) known.add(key)
  const uploading = { importId: null, key: { $ne: null } }
  for (const { key } of await database.em().find(UploadEntity, uploading, { fields: ['key'], disableIdentityMap: true })) known.add(key ?? '')
  for await (const { key, modifiedAt } of storage.list()) {
    if (known.has(key) || modifiedAt >= olderThan) continue
    await storage.remove(key)
    log.info({ key }, 'removed an upload that belongs to no run')
  }
  const uploads = await storage.sweep(olderThan, known)
  if (uploads > 0) log.info({ uploads }, 'removed what uploads that were cut off left')
}

/** Removes the files of runs that ended longer ago than `keepMs`. */
export async function removeOldUploads(database: Database, storage: Storage, keepMs: number): Promise<void> {
  const rows = await database
    .em()
    .find(ImportSessionEntity, { uploadsGone: false, endedAt: { $lt: Date.now() - keepMs } }, { fields: ['id', 'files'], disableIdentityMap: true })
  for (const row of rows) {
    for (const file of row.files) await storage.remove(file.key)
    for await (const key of copiesOf(database, row.id)) await storage.remove(key)
    await database.em().nativeUpdate(ImportSessionEntity, { id: row.id, endedAt: { $ne: null } }, { uploadsGone: true })
  }
}
