import { databaseNow } from '../database/database-clock.ts'
import type { Database } from '../database/database.ts'
import { LoginSessionEntity, UserEntity, WatchTokenEntity } from '../database/entities.ts'
import type { LoginSession, User } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { Principal } from '../realtime/principal.ts'
import type { RevokeReason } from '../../shared/protocol/events.ts'
import { PasswordCheck } from './check-password.ts'
import { hashSecret, isSecret, newId, newSecret } from './secrets.ts'

export type LoginLimits = { idleMs: number; absoluteMs: number }
export type LoginPrincipal = Extract<Principal, { type: 'login' }>
export type OpenLogin = { secret: string; user: User; principal: LoginPrincipal; absoluteExpiresAt: number }

/** Closes the sockets of a login or of watch tokens, at once. */
export type CloseSockets = (what: { loginId: string } | { tokenIds: string[] } | { userId: string }, reason: RevokeReason) => void

/** `seenAt` is written at most so often: a page that polls must not write with every request. */
const touchEvery = 5000

/** Login sessions: a cookie's secret, stored as a hash, that ends when idle and at an absolute time. */
export class LoginSessions {
  readonly #database: Database
  readonly #limits: LoginLimits
  readonly #close: CloseSockets
  readonly #passwords: PasswordCheck

  constructor(database: Database, limits: LoginLimits, close: CloseSockets) {
    this.#database = database
    this.#limits = limits
    this.#close = close
    this.#passwords = new PasswordCheck(database)
  }

  /** Opens a login. Throws `login_failed`, and `forbidden` for a user who may exchange with 1C and nothing else. */
  async open(login: string, password: string): Promise<OpenLogin> {
    const em = this.#database.em()
    const user = await this.#passwords.userOf(login, password)
    if (user.role === 'exchange') throw new AppError('forbidden', 'This user is for the exchange with 1C alone. Log in as somebody else.')
    const now = Date.now()
    const secret = newSecret()
    const row: LoginSession = {
      id: `login_${newId()}`,
      tokenHash: hashSecret(secret),
      userId: user.id,
      createdAt: now,
      seenAt: now,
      absoluteExpiresAt: now + this.#limits.absoluteMs,
    }
    await em.insert(LoginSessionEntity, row)
    return { secret, user, principal: this.#principal(row, user, now), absoluteExpiresAt: row.absoluteExpiresAt }
  }

  /** Who a cookie's secret is, or null when it is nobody any more. Counts as activity when `touch`. */
  async find(secret: string, touch: boolean): Promise<{ principal: LoginPrincipal; user: User; absoluteExpiresAt: number } | null> {
    if (!isSecret(secret)) return null
    const em = this.#database.em()
    const row = await em.findOne(LoginSessionEntity, { tokenHash: hashSecret(secret) })
    const now = Date.now()
    if (!row || now >= this.#expiry(row, row.seenAt)) return null
    const user = await em.findOne(UserEntity, { id: row.userId })
    if (!user || user.disabled) return null
    const seenAt = touch ? now : row.seenAt
    if (touch && now - row.seenAt >= Math.min(touchEvery, this.#limits.idleMs / 10))
      // On a disk that is full, people can still read.
      await em.nativeUpdate(LoginSessionEntity, { id: row.id }, { seenAt: now }).catch(() => undefined)
    return { principal: this.#principal(row, user, seenAt), user, absoluteExpiresAt: row.absoluteExpiresAt }
  }

  /** The same login as it stands now, or null when it has ended. Does not count as activity. */
  async refresh({ loginId }: LoginPrincipal): Promise<LoginPrincipal | null> {
    const em = this.#database.em()
    const row = await em.findOne(LoginSessionEntity, { id: loginId })
    const user = row && (await em.findOne(UserEntity, { id: row.userId }))
    if (!row || !user || user.disabled || Date.now() >= this.#expiry(row, row.seenAt)) return null
    return this.#principal(row, user, row.seenAt)
  }

  /** Ends this login, or all of the user's. Watch tokens live on (that is what they are for) unless `stopWatching`. */
  async end(principal: LoginPrincipal, options: { everywhere?: boolean | undefined; stopWatching?: boolean | undefined }): Promise<void> {
    const em = this.#database.em()
    const { userId, loginId } = principal
    const ending = options.everywhere ? await em.find(LoginSessionEntity, { userId }, { fields: ['id'] }) : [{ id: loginId }]
    await em.nativeDelete(LoginSessionEntity, { id: { $in: ending.map(({ id }) => id) } })
    for (const { id } of ending) this.#close({ loginId: id }, 'logout')
    if (!options.stopWatching) return
    const tokens = await em.find(WatchTokenEntity, options.everywhere ? { userId } : { userId, loginId })
    await em.nativeDelete(WatchTokenEntity, { id: { $in: tokens.map((token) => token.id) } })
    this.#close({ tokenIds: tokens.map((token) => token.id) }, 'logout')
  }

  /** Removes what ended long ago. */
  async sweep(): Promise<void> {
    const { dialect } = this.#database
    const ended = [{ absoluteExpiresAt: { $lt: databaseNow(dialect) } }, { seenAt: { $lt: databaseNow(dialect, -this.#limits.idleMs) } }]
    await this.#database.em().nativeDelete(LoginSessionEntity, { $or: ended })
  }

  #expiry(row: LoginSession, seenAt: number): number {
    return Math.min(seenAt + this.#limits.idleMs, row.absoluteExpiresAt)
  }

  #principal(row: LoginSession, user: User, seenAt: number): LoginPrincipal {
    return { type: 'login', userId: user.id, userName: user.name, role: user.role, loginId: row.id, expiresAt: this.#expiry(row, seenAt) }
  }
}
