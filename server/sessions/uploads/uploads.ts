import { LockMode } from '@mikro-orm/core'
import { hashSecret, isSecret, newId, newSecret } from '../../auth/secrets.ts'
import { databaseNow } from '../../database/database-clock.ts'
import type { Database, EntityManager } from '../../database/database.ts'
import { UploadEntity, UserEntity } from '../../database/entities.ts'
import type { Upload } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import { uploadsOf } from './taken-uploads.ts'

export type UploadLimits = { keepMs: number; perUser: number; bytesPerUser: number; tokenMs: number }
export type NewUpload = Pick<Upload, 'userId' | 'name' | 'relativePath' | 'size' | 'expectedSha256'>
/** The secret is answered once and never stored. */
export type UploadGrant = { token: string; expiresAt: string }

type UploadTable = { upload: { user_id: string; import_id: string | null; size: number } }

/** A started upload joined a run that is there: its own file is not needed, but a repeated answer may ask for it. */
const keepJoinedMs = 600_000

const noSuchUpload = () => new AppError('not_found', 'There is no such upload. It may have been removed because nobody went on with it.')

/**
 * The rows of uploads that come in piece by piece. An upload belongs to its user until a run takes it. Its token may go on with it and nothing else, lives as
 * long as a watch token after it was used last, and ends with the upload or when its user is no longer active.
 */
export class Uploads {
  readonly #database: Database
  readonly #limits: UploadLimits

  constructor(database: Database, limits: UploadLimits) {
    this.#database = database
    this.#limits = limits
  }

  /** Throws `upload_quota` when the user has too many, or too much, that no run has taken. */
  async create(wanted: NewUpload): Promise<{ upload: Upload; grant: UploadGrant }> {
    return await this.#database.em().transactional(async (em) => {
      // Two at the same time must not both be the last one that fits.
      await em.findOne(UserEntity, { id: wanted.userId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      await this.#requireRoom(em, wanted)
      const now = Date.now()
      const upload: Upload = {
        id: `upload_${newId()}`,
        ...wanted,
        key: null,
        received: 0,
        sha256: null,
        importId: null,
        claims: 0,
        epoch: 0,
        tokenHash: null,
        tokenExpiresAt: null,
        createdAt: now,
        expiresAt: now + this.#limits.keepMs,
      }
      await em.insert(UploadEntity, upload)
      return { upload, grant: await this.#issue(upload.id, em) }
    })
  }

  /** An upload of this user. Throws `not_found`, `upload_gone`. */
  async get(id: string, userId: string): Promise<Upload> {
    const upload = await this.#database.em().findOne(UploadEntity, { id, userId })
    if (!upload) throw noSuchUpload()
    if (!upload.importId && Date.now() >= upload.expiresAt)
      throw new AppError('upload_gone', 'This upload was left alone for too long. Send the file again.')
    return upload
  }

  /** Uploads of a user, in the order of their ids. Throws `not_found`. */
  async list(userId: string, ids: string[]): Promise<Upload[]> {
    return await uploadsOf(this.#database, userId, ids)
  }

  /** A new token for an upload, in place of the one before. */
  async renew(id: string, userId: string): Promise<UploadGrant> {
    await this.get(id, userId)
    return await this.#issue(id, this.#database.em())
  }

  /** Whose upload a token may go on with, or null: unknown, expired, or its user is no longer active. */
  async find(secret: string): Promise<{ id: string; userId: string } | null> {
    if (!isSecret(secret)) return null
    const em = this.#database.em()
    const row = await em.findOne(UploadEntity, { tokenHash: hashSecret(secret) })
    if (!row || Date.now() >= (row.tokenExpiresAt ?? 0) || !(await isActive(em, row.userId))) return null
    await em.nativeUpdate(UploadEntity, { id: row.id }, { tokenExpiresAt: this.#tokenExpiry() })
    return { id: row.id, userId: row.userId }
  }

  /** Announces a request that wants to go on with an upload; answers its number. Whoever works on it now sees that, and leaves it. */
  async claim(id: string): Promise<number> {
    return await this.#database.em().transactional(async (em) => {
      const row = await em.findOne(UploadEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      if (!row) throw noSuchUpload()
      row.claims += 1
      return row.claims
    })
  }

  /** Makes a claim the one that works. Null when a later one does already, or the upload is gone. */
  async begin(id: string, claim: number): Promise<Upload | null> {
    const em = this.#database.em()
    const begun = await em.nativeUpdate(UploadEntity, { id, epoch: { $lt: claim } }, { epoch: claim })
    return begun === 0 ? null : await em.findOne(UploadEntity, { id })
  }

  /** Whether nobody else wants the upload, nobody else works on it, and its user may still go on. */
  async stands(id: string, claim: number): Promise<boolean> {
    const em = this.#database.em()
    const row = await em.findOne(UploadEntity, { id }, { fields: ['claims', 'userId'], disableIdentityMap: true })
    return row !== null && row.claims === claim && (await isActive(em, row.userId))
  }

  /** Notes what became of an upload. False when somebody else works on it by now: then nothing of it may be kept. */
  async note({ id, epoch }: Pick<Upload, 'id' | 'epoch'>, what: Partial<Pick<Upload, 'key' | 'received' | 'sha256'>>): Promise<boolean> {
    const alive = { expiresAt: Date.now() + this.#limits.keepMs, tokenExpiresAt: this.#tokenExpiry() }
    return (await this.#database.em().nativeUpdate(UploadEntity, { id, epoch }, { ...what, ...alive })) > 0
  }

  /** Forgets an upload that no run has taken; its file is then the caller's to remove. Throws `in_use`. */
  async forget({ id }: Pick<Upload, 'id'>): Promise<void> {
    const em = this.#database.em()
    if ((await em.nativeDelete(UploadEntity, { id, importId: null })) > 0) return
    const row = await em.findOne(UploadEntity, { id })
    if (row) throw new AppError('in_use', 'A run has taken this upload; it can’t be removed.', { details: { importId: row.importId } })
  }

  /** They were not needed: the same content is being imported already. They stay a while, for the same question asked again. */
  async release(ids: string[]): Promise<void> {
    await this.#database.em().nativeUpdate(UploadEntity, { id: { $in: ids }, importId: null }, { expiresAt: Date.now() + keepJoinedMs })
  }

  /** Ids of what nobody went on with, and no run took. */
  async expired(): Promise<string[]> {
    const { dialect } = this.#database
    const rows = await this.#database
      .em()
      .find(UploadEntity, { importId: null, expiresAt: { $lt: databaseNow(dialect) } }, { fields: ['id'], limit: 10_000 })
    return rows.map(({ id }) => id)
  }

  /** Forgets that runs took uploads, once nobody asks for it any more. */
  async forgetTaken(): Promise<void> {
    const { dialect } = this.#database
    await this.#database.em().nativeDelete(UploadEntity, { importId: { $ne: null }, expiresAt: { $lt: databaseNow(dialect) } })
  }

  async #requireRoom(em: EntityManager, { userId, size }: NewUpload): Promise<void> {
    const { perUser, bytesPerUser } = this.#limits
    const waiting = await em
      .getKysely<UploadTable>()
      .selectFrom('upload')
      .select(({ fn }) => [fn.countAll().as('count'), fn.sum('size').as('bytes')])
      .where('user_id', '=', userId)
      .where('import_id', 'is', null)
      .executeTakeFirst()
    if (Number(waiting?.count ?? 0) < perUser && Number(waiting?.bytes ?? 0) + size <= bytesPerUser) return
    throw new AppError(
      'upload_quota',
      'You have too many uploads that were not started. Start or remove some of them, or wait until they are removed.',
      {
        details: { uploads: perUser, bytes: bytesPerUser },
      },
    )
  }

  async #issue(id: string, em: EntityManager): Promise<UploadGrant> {
    const token = newSecret()
    const tokenExpiresAt = this.#tokenExpiry()
    await em.nativeUpdate(UploadEntity, { id }, { tokenHash: hashSecret(token), tokenExpiresAt })
    return { token, expiresAt: new Date(tokenExpiresAt).toISOString() }
  }

  #tokenExpiry(): number {
    return Date.now() + this.#limits.tokenMs
  }
}

async function isActive(em: EntityManager, userId: string): Promise<boolean> {
  const user = await em.findOne(UserEntity, { id: userId }, { fields: ['disabled', 'role'] })
  return user !== null && !user.disabled && user.role !== 'exchange'
}
