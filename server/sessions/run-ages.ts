import type { Database } from '../database/database.ts'
import { databaseNow } from '../database/database-clock.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'

/** In milliseconds; 0 when there is none. `queued`: how long the run that waits longest has waited. `unleased`: how long the longest has been "running" with nobody believed to work on it. */
export type RunAges = { queued: number; unleased: number }

/** Whether everything that carries runs does its work shows in these two figures, whatever it says of itself. */
export async function readRunAges(database: Database): Promise<RunAges> {
  const em = database.em()
  const waiting = await em.findOne(
    ImportSessionEntity,
    { status: { $in: ['queued', 'resuming'] }, waitingSince: { $ne: null } },
    { fields: ['waitingSince'], orderBy: { waitingSince: 'asc' }, disableIdentityMap: true },
  )
  const left = await em.findOne(
    ImportSessionEntity,
    { status: { $in: ['running', 'cancelling'] }, leasedUntil: { $lte: databaseNow(database.dialect) } },
    { fields: ['leasedUntil'], orderBy: { leasedUntil: 'asc' }, disableIdentityMap: true },
  )
  return { queued: ageOf(waiting?.waitingSince), unleased: ageOf(left?.leasedUntil) }
}

const tolerated: RunAges = { queued: 15 * 60_000, unleased: 60_000 }
const lookEveryMs = 30_000

/** Every half minute: a line in the log for a run that waits, or is said to run without a worker, for too long. Answers what stops it. */
export function startAgeWatch(database: Database, log: Logger): () => void {
  const look = async () => {
    const ages = await readRunAges(database)
    if (ages.unleased > tolerated.unleased) log.warn({ ageMs: ages.unleased }, 'a run is said to be running, but no worker has it')
    if (ages.queued > tolerated.queued) log.warn({ ageMs: ages.queued }, 'a run waits long for a worker')
  }
  const timer = setInterval(
    () => void look().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'the ages of runs could not be read')),
    lookEveryMs,
  )
  return () => clearInterval(timer)
}

function ageOf(since: number | null | undefined): number {
  return typeof since === 'number' ? Math.max(0, Date.now() - since) : 0
}
