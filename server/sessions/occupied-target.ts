import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../database/database.ts'
import { ImportSessionEntity, TargetEntity } from '../database/entities.ts'
import { AppError } from '../errors.ts'

/**
 * One import at a time for each target, whatever became of the lock: under the target's row, so that of two claims at once one sees the other.
 * Throws `target_locked` when another run works on the target, or is believed to.
 */
export async function refuseOccupied(em: EntityManager, targetId: string, importId: string): Promise<void> {
  await em.findOne(TargetEntity, { id: targetId }, { lockMode: LockMode.PESSIMISTIC_WRITE, fields: ['id'], disableIdentityMap: true })
  const other = await em.findOne(
    ImportSessionEntity,
    { targetId, id: { $ne: importId }, status: { $in: ['running', 'cancelling'] } },
    { fields: ['id'], disableIdentityMap: true },
  )
  if (other) throw new AppError('target_locked', 'Another run works on this target.', { details: { importId: other.id } })
}
