import type { Database, EntityManager } from '../../database/database.ts'
import { UploadEntity } from '../../database/entities.ts'
import type { Upload } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'

/** Ids of a statement: databases take no more parameters than some ten thousands. */
const idsAtOnce = 1000

/** Uploads of a user, in the order of their ids. Throws `not_found` for one that is not there, or somebody else's. */
export async function uploadsOf(database: Database, userId: string, ids: string[]): Promise<Upload[]> {
  const found = new Map<string, Upload>()
  for (const some of slices(ids)) for (const row of await database.em().find(UploadEntity, { id: { $in: some }, userId })) found.set(row.id, row)
  return ids.map((id) => {
    const upload = found.get(id)
    if (!upload) throw new AppError('not_found', 'There is no such upload any more. Send the file again.', { details: { upload: id } })
    return upload
  })
}

/** Gives whole uploads to a run, in the transaction that makes it: all of them or none. Throws `conflict` when another run has one of them. */
export async function takeUploads(em: EntityManager, ids: string[], importId: string): Promise<void> {
  for (const some of slices(ids)) {
    const free = { id: { $in: some }, importId: null, sha256: { $ne: null } }
    if ((await em.nativeUpdate(UploadEntity, free, { importId })) === some.length) continue
    const taken = await em.findOne(
      UploadEntity,
      { id: { $in: some }, $and: [{ importId: { $ne: null } }, { importId: { $ne: importId } }] },
      { fields: ['id', 'importId'] },
    )
    throw new AppError('conflict', 'An upload starts one run only. Send the file again, or retry the run that has it.', {
      details: { ...(taken && { upload: taken.id, importId: taken.importId }) },
    })
  }
}

function* slices(ids: string[]): Generator<string[]> {
  for (let at = 0; at < ids.length; at += idsAtOnce) yield ids.slice(at, at + idsAtOnce)
}
