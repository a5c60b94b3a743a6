import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { LiveRuns } from '../jobs/live-runs.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { Publisher } from '../realtime/publisher.ts'
import type { Storage } from '../storage/storage.ts'
import type { ImportReader } from './import-reader.ts'
import { removeOldUploads } from './tidy.ts'

type SweepParts = {
  database: Database
  storage: Storage
  keepUploadsMs: number
  expiring: { sweep(): Promise<void> }[]
  tidy: () => Promise<void>
  log: Logger
}

type StallParts = { database: Database; live: LiveRuns; reader: ImportReader; publisher: Publisher }

const sweepEveryMs = 3_600_000
const mostReconcileMs = 5000
const stallEveryMs = 1000

/** At once and every hour: old uploads, ended logins and expired tokens go. Answers what stops it. */
export function startSweeper({ database, storage, keepUploadsMs, expiring, tidy, log }: SweepParts): () => void {
  const sweep = async () => {
    try {
      await tidy()
      await removeOldUploads(database, storage, keepUploadsMs)
      for (const kind of expiring) await kind.sweep()
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'upkeep failed; it is tried again in an hour')
    }
  }
  void sweep()
  const timer = setInterval(() => void sweep(), sweepEveryMs)
  return () => clearInterval(timer)
}

/**
 * Six times in the lease of a run, every five seconds at the default: what the queue or a worker forgot is taken up. A look that takes longer is not
 * followed by those it delayed. Answers what stops it and waits for its end.
 */
export function startReconciling(pass: () => Promise<unknown>, leaseMs: number, log: Logger): () => Promise<void> {
  let looking: Promise<void> | null = null
  const look = async () => {
    try {
      await pass()
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'lost runs could not be looked for')
    } finally {
      looking = null
    }
  }
  const timer = setInterval(
    () => {
      looking ??= look()
    },
    Math.min(leaseMs / 6, mostReconcileMs),
  )
  return async () => {
    clearInterval(timer)
    await looking
  }
}

/** Every second: tells the watchers of runs here that fell silent, or spoke again, and those who will ask elsewhere. */
export function startStallWatch({ database, live, reader, publisher }: StallParts): () => void {
  const look = async () => {
    for (const importId of live.review()) {
      const { attempt, stalled } = live.get(importId) ?? {}
      await database.em().nativeUpdate(ImportSessionEntity, { id: importId, attempt, endedAt: null }, { stalled })
      const view = await reader.find(importId)
      if (view) publisher.importChanged(view)
    }
  }
  const timer = setInterval(() => void look().catch(() => undefined), stallEveryMs)
  return () => clearInterval(timer)
}
