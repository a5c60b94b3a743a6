import type { Database } from '../database/database.ts'
import type { LiveRuns } from '../jobs/live-runs.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { Publisher } from '../realtime/publisher.ts'
import type { Storage } from '../storage/storage.ts'
import type { ImportReader } from './import-reader.ts'
import { removeOldUploads } from './recover.ts'

type SweepParts = { database: Database; storage: Storage; keepUploadsMs: number; expiring: { sweep(): Promise<void> }[]; log: Logger }

const sweepEveryMs = 3_600_000
const takeUpEveryMs = 5000
const stallEveryMs = 1000

/** At once and every hour: old uploads, ended logins and expired tokens go. Answers what stops it. */
export function startSweeper({ database, storage, keepUploadsMs, expiring, log }: SweepParts): () => void {
  const sweep = async () => {
    try {
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

/** Every five seconds: runs that were lost without a word, because storing it failed, are taken up. Answers what stops it and waits for its end. */
export function startTakingUp(takeUpLost: () => Promise<unknown>, log: Logger): () => Promise<void> {
  let looking = Promise.resolve()
  const look = async () => {
    try {
      await takeUpLost()
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'lost runs could not be looked for')
    }
  }
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, takeUpEveryMs)
  return async () => {
    clearInterval(timer)
    await looking
  }
}

/** Every second: tells the watchers of runs that fell silent, or spoke again. */
export function startStallWatch(live: LiveRuns, reader: ImportReader, publisher: Publisher): () => void {
  const look = async () => {
    for (const importId of live.review()) {
      const view = await reader.find(importId)
      if (view) publisher.importChanged(view)
    }
  }
  const timer = setInterval(() => void look().catch(() => undefined), stallEveryMs)
  return () => clearInterval(timer)
}
