import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Database, EntityManager } from '../database/database.ts'
import { ExchangeLoginEntity, LoginSessionEntity, UploadEntity, UserEntity, WatchTokenEntity } from '../database/entities.ts'
import type { ExchangeSettings, User } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { Role, UserView } from '../../shared/protocol/views.ts'
import { changeExchangeSettings, presentExchangeSettings, readExchangeSettings } from './exchange-settings.ts'
import type { ExchangeChange } from './exchange-settings.ts'
import { hashPassword } from './passwords.ts'
import { newId, newSecret } from './secrets.ts'

export type UserDraft = { login: string; name?: string | undefined; role: Role; password: string; exchange?: ExchangeChange | undefined }
export type UserChange = {
  name?: string | undefined
  role?: Role | undefined
  disabled?: boolean | undefined
  password?: string | undefined
  exchange?: ExchangeChange | undefined
}

/** Called when a user's rights ended, after it is stored: closes what is open. */
export type EndAccess = (userId: string, reason: RevokeReason) => void

/** People who may log in. */
export class Users {
  readonly #database: Database
  readonly #endAccess: EndAccess

  constructor(database: Database, endAccess: EndAccess) {
    this.#database = database
    this.#endAccess = endAccess
  }

  async list(): Promise<UserView[]> {
    const em = this.#database.em()
    const users = await em.find(UserEntity, {}, { orderBy: { login: 'asc' } })
    return await Promise.all(users.map(async (user) => presentUser(user, user.role === 'exchange' ? await readExchangeSettings(em, user.id) : null)))
  }

  async byId(id: string): Promise<User | null> {
    return await this.#database.em().findOne(UserEntity, { id })
  }

  async byLogin(login: string): Promise<User | null> {
    return await this.#database.em().findOne(UserEntity, { login: login.toLowerCase() })
  }

  /** Throws `already_exists` when the login is taken, `invalid_input` for settings of the exchange that do not fit. */
  async add(draft: UserDraft): Promise<UserView> {
    const user: User = {
      id: `user_${newId()}`,
      login: draft.login.toLowerCase(),
      name: draft.name || draft.login,
      role: draft.role,
      passwordHash: await hashPassword(draft.password),
      disabled: false,
      createdAt: Date.now(),
    }
    try {
      return await this.#database.em().transactional(async (em) => {
        await em.insert(UserEntity, user)
        return presentUser(user, await settingsOf(em, user, draft.exchange))
      })
    } catch (thrown) {
      if (thrown instanceof UniqueConstraintViolationException) throw new AppError('already_exists', `There is a user “${draft.login}” already.`)
      throw thrown
    }
  }

  /**
   * Changes a user. A disabled user, another role or another password ends every login and every watch token of theirs at once.
   * Throws `conflict` when nobody would be left who may manage users.
   */
  async change(id: string, change: UserChange): Promise<UserView> {
    const passwordHash = change.password === undefined ? undefined : await hashPassword(change.password)
    const { reason, view } = await this.#database.em().transactional(async (em) => {
      const user = await em.findOne(UserEntity, { id })
      if (!user) throw new AppError('not_found', 'There is no such user.')
      const ending = endReason(user, change)
      if (change.name !== undefined) user.name = change.name
      if (change.role !== undefined) user.role = change.role
      if (change.disabled !== undefined) user.disabled = change.disabled
      if (passwordHash !== undefined) user.passwordHash = passwordHash
      await em.flush()
      const heads = await em.count(UserEntity, { role: 'superuser', disabled: false })
      if (heads === 0) throw new AppError('conflict', 'That would leave nobody who may manage users.')
      if (ending) {
        await em.nativeDelete(LoginSessionEntity, { userId: id })
        await em.nativeDelete(WatchTokenEntity, { userId: id })
        await em.nativeUpdate(UploadEntity, { userId: id }, { tokenHash: null, tokenExpiresAt: null })
        await em.nativeDelete(ExchangeLoginEntity, { userId: id })
      }
      return { reason: ending, view: presentUser(user, await settingsOf(em, user, change.exchange)) }
    })
    if (reason) this.#endAccess(id, reason)
    return view
  }

  /** Makes the first administrator when there is no user at all. Answers the password if it was made up here, to be shown once. */
  async ensureAdministrator(login: string, password: string | undefined): Promise<string | null> {
    if ((await this.#database.em().count(UserEntity)) > 0) return null
    const chosen = password ?? newSecret().slice(0, 20)
    await this.add({ login, name: 'Administrator', role: 'superuser', password: chosen })
    return password === undefined ? chosen : null
  }
}

export function presentUser(user: User, exchange: ExchangeSettings | null = null): UserView {
  const { id, login, name, role, disabled, createdAt } = user
  const view = { id, login, name, role, disabled, createdAt: new Date(createdAt).toISOString() }
  return exchange ? { ...view, exchange: presentExchangeSettings(exchange) } : view
}

async function settingsOf(em: EntityManager, user: User, change: ExchangeChange | undefined): Promise<ExchangeSettings | null> {
  if (user.role === 'exchange') return await changeExchangeSettings(em, user.id, change ?? {})
  if (change) throw new AppError('invalid_input', 'exchange: only a user whose role is “exchange” has these settings')
  return null
}

function endReason(user: User, change: UserChange): RevokeReason | null {
  if (change.disabled && !user.disabled) return 'user_disabled'
  if (change.password !== undefined) return 'password_changed'
  if (change.role !== undefined && change.role !== user.role) return 'role_lost'
  return null
}
