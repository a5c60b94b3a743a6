import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../database/database.ts'
import { ImportSessionEntity, TargetEntity } from '../database/entities.ts'
import { AppError } from '../errors.ts'

/**
 * One import at a time for each database, whatever became of the lock: under the rows of all targets that lead to it, so that of two claims at once one sees
 * the other. Throws `target_locked` when another run works on the target, or is believed to.
 */
export async function refuseOccupied(em: EntityManager, targetIds: string[], importId: string): Promise<void> {
  await lockTargets(em, targetIds)
  const other = await em.findOne(
    ImportSessionEntity,
    { targetId: { $in: targetIds }, id: { $ne: importId }, status: { $in: ['running', 'cancelling'] } },
    { fields: ['id'], disableIdentityMap: true },
  )
  if (other) throw new AppError('target_locked', 'Another run works on this target.', { details: { importId: other.id } })
}

/**
 * For a server that is told to refuse starts into a target that is busy. Throws `conflict` with `details.importId`, the run that has not ended yet,
 * whether it works or waits.
 */
export async function refuseBusy(em: EntityManager, targetIds: string[]): Promise<void> {
  await lockTargets(em, targetIds)
  const other = await em.findOne(
    ImportSessionEntity,
    { targetId: { $in: targetIds }, activeKey: { $ne: null } },
    { fields: ['id', 'title'], orderBy: { createdAt: 'asc' }, disableIdentityMap: true },
  )
  if (!other) return
  throw new AppError('conflict', `“${other.title}” goes into this database just now. Start again when it has ended.`, {
    details: { importId: other.id },
  })
}

/** In the order of their ids, so that nobody waits for whoever waits for them. */
async function lockTargets(em: EntityManager, ids: string[]): Promise<void> {
  const how = { lockMode: LockMode.PESSIMISTIC_WRITE, fields: ['id'], orderBy: { id: 'asc' }, disableIdentityMap: true } as const
  await em.find(TargetEntity, { id: { $in: ids } }, how)
}
