import type { Database } from '../database/database.ts'
import { ExchangeLoginEntity, UserEntity } from '../database/entities.ts'
import type { ExchangeLogin, User } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import { PasswordCheck } from './check-password.ts'
import { hashSecret, isSecret, newId, newSecret } from './secrets.ts'

/** 1C, let in by its cookie. */
export type ExchangePrincipal = { user: User; login: ExchangeLogin }

/** Longer than the longest import: a cookie must not end while 1C waits for one. */
const lifeMs = 24 * 3_600_000
/** `seenAt` is written at most so often: 1C asks without a pause. */
const touchEveryMs = 30_000

/** Logins of the exchange with 1C: a cookie of its own, for users whose role is `exchange`, and good for nothing else. */
export class ExchangeLogins {
  readonly #database: Database
  readonly #passwords: PasswordCheck

  constructor(database: Database) {
    this.#database = database
    this.#passwords = new PasswordCheck(database)
  }

  /** Throws `login_failed`, and `forbidden` for a user who is there for something else. */
  async open(login: string, password: string): Promise<ExchangePrincipal & { secret: string }> {
    return await this.#insert(await this.#userOf(login, password))
  }

  /** As `open`, for a 1C that sends its login instead of the cookie: goes on with the user's newest cookie. */
  async goOn(login: string, password: string): Promise<ExchangePrincipal> {
    const user = await this.#userOf(login, password)
    const newest = await this.#database
      .em()
      .findOne(ExchangeLoginEntity, { userId: user.id }, { orderBy: { createdAt: 'desc' }, disableIdentityMap: true })
    return newest ? { user, login: newest } : await this.#insert(user)
  }

  /** Who a cookie is, or null when it is nobody any more. */
  async find(secret: string): Promise<ExchangePrincipal | null> {
    if (!isSecret(secret)) return null
    const em = this.#database.em()
    const login = await em.findOne(ExchangeLoginEntity, { tokenHash: hashSecret(secret) }, { disableIdentityMap: true })
    const now = Date.now()
    if (!login || now - login.seenAt >= lifeMs) return null
    const user = await em.findOne(UserEntity, { id: login.userId })
    if (!user || user.disabled || user.role !== 'exchange') return null
    if (now - login.seenAt >= touchEveryMs) await em.nativeUpdate(ExchangeLoginEntity, { id: login.id }, { seenAt: now })
    return { user, login }
  }

  /** `init` was said under this cookie, by a 1C of this version. */
  async begin(loginId: string, version: string | null): Promise<void> {
    await this.#database.em().nativeUpdate(ExchangeLoginEntity, { id: loginId }, { begun: true, version })
  }

  /** Removes what was not used for longer than it lives. */
  async sweep(): Promise<void> {
    await this.#database.em().nativeDelete(ExchangeLoginEntity, { seenAt: { $lt: Date.now() - lifeMs } })
  }

  async #userOf(login: string, password: string): Promise<User> {
    const user = await this.#passwords.userOf(login, password)
    if (user.role !== 'exchange') throw new AppError('forbidden', 'This user may not exchange. Give 1C a user whose role is “exchange”.')
    return user
  }

  async #insert(user: User): Promise<ExchangePrincipal & { secret: string }> {
    const now = Date.now()
    const secret = newSecret()
    const opened: ExchangeLogin = {
      id: `exchange_${newId()}`,
      tokenHash: hashSecret(secret),
      userId: user.id,
      createdAt: now,
      seenAt: now,
      begun: false,
      version: null,
    }
    await this.#database.em().insert(ExchangeLoginEntity, opened)
    return { user, login: opened, secret }
  }
}
