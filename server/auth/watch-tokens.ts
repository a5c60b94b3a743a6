import { LockMode } from '@mikro-orm/core'
import { databaseNow } from '../database/database-clock.ts'
import type { Database } from '../database/database.ts'
import type { EntityManager } from '../database/database.ts'
import { ImportSessionEntity, UserEntity, WatchTokenEntity } from '../database/entities.ts'
import type { WatchToken } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { Principal } from '../realtime/principal.ts'
import type { WatchGrant, WatchTokenView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import type { CloseSockets } from './login-sessions.ts'
import { hashSecret, isSecret, newId, newSecret } from './secrets.ts'

export type WatchPrincipal = Extract<Principal, { type: 'watch' }>
type Holder = { userId: string; importId: string; loginId: string | null }

/** Watch tokens: read-only, for one user and one import session, for two hours; renewed while the run lives and its watcher is connected. */
export class WatchTokens {
  readonly #database: Database
  readonly #lifeMs: number
  readonly #close: CloseSockets

  constructor(database: Database, lifeMs: number, close: CloseSockets) {
    this.#database = database
    this.#lifeMs = lifeMs
    this.#close = close
  }

  /** Issues a token, in the transaction of `em` if one is given. The secret is answered once and never stored. */
  async issue(holder: Holder, em: EntityManager = this.#database.em()): Promise<WatchGrant & { id: string; expires: number }> {
    const secret = newSecret()
    const now = Date.now()
    const row: WatchToken = {
      id: `watch_${newId()}`,
      tokenHash: hashSecret(secret),
      ...holder,
      createdAt: now,
      expiresAt: now + this.#lifeMs,
      lastUsedAt: null,
    }
    await em.insert(WatchTokenEntity, row)
    return { id: row.id, token: secret, expiresAt: new Date(row.expiresAt).toISOString(), expires: row.expiresAt }
  }

  /** Who a token is, or null: unknown, expired, revoked, or its user is no longer active staff. */
  async find(secret: string): Promise<WatchPrincipal | null> {
    if (!isSecret(secret)) return null
    const em = this.#database.em()
    const row = await em.findOne(WatchTokenEntity, { tokenHash: hashSecret(secret) })
    const now = Date.now()
    if (!row || now >= row.expiresAt) return null
    const user = await em.findOne(UserEntity, { id: row.userId })
    if (!user || user.disabled) return null
    if (now - (row.lastUsedAt ?? 0) > 10_000) await em.nativeUpdate(WatchTokenEntity, { id: row.id }, { lastUsedAt: now })
    return { type: 'watch', userId: user.id, userName: user.name, importId: row.importId, tokenId: row.id, expiresAt: row.expiresAt }
  }

  /** The next token of a watcher that is connected: only while the run lives, the token itself was not revoked and its user is active. */
  async renew(principal: WatchPrincipal): Promise<{ grant: WatchGrant; principal: WatchPrincipal } | null> {
    return await this.#database.em().transactional(async (em) => await this.#renewWithin(em, principal))
  }

  /** In one transaction that holds the token's row: a revocation at the same moment ends the new token as well, or there is none. */
  async #renewWithin(em: EntityManager, principal: WatchPrincipal): Promise<{ grant: WatchGrant; principal: WatchPrincipal } | null> {
    const row = await em.findOne(WatchTokenEntity, { id: principal.tokenId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    const run = await em.findOne(ImportSessionEntity, { id: principal.importId }, { fields: ['status'] })
    const user = await em.findOne(UserEntity, { id: principal.userId })
    if (!row || !run || isFinal(run.status) || !user || user.disabled) return null
    const { id, expires, token, expiresAt } = await this.issue({ userId: row.userId, importId: row.importId, loginId: row.loginId ?? null }, em)
    return { grant: { token, expiresAt }, principal: { ...principal, tokenId: id, expiresAt: expires } }
  }

  /** Whether this token is there and its user active. */
  async stands({ tokenId, userId }: WatchPrincipal): Promise<boolean> {
    const em = this.#database.em()
    const user = await em.findOne(UserEntity, { id: userId }, { fields: ['disabled'] })
    return user !== null && !user.disabled && (await em.count(WatchTokenEntity, { id: tokenId })) > 0
  }

  async list(importId: string): Promise<WatchTokenView[]> {
    const em = this.#database.em()
    const rows = await em.find(WatchTokenEntity, { importId, expiresAt: { $gt: Date.now() } }, { orderBy: { createdAt: 'asc' } })
    const users = await em.find(UserEntity, { id: { $in: rows.map((row) => row.userId) } })
    const names = new Map(users.map((user) => [user.id, user.name]))
    return rows.map((row) => ({
      id: row.id,
      user: { id: row.userId, name: names.get(row.userId) ?? row.userId },
      createdAt: new Date(row.createdAt).toISOString(),
      expiresAt: new Date(row.expiresAt).toISOString(),
      ...(typeof row.lastUsedAt === 'number' && { lastUsedAt: new Date(row.lastUsedAt).toISOString() }),
    }))
  }

  /** Revokes one token of an import session, or all of them, and closes their sockets. Throws `not_found` when there is no such token. */
  async revoke(importId: string, tokenId?: string): Promise<void> {
    const which = { importId, ...(tokenId !== undefined && { id: tokenId }) }
    const tokenIds = await this.#database.em().transactional(async (em) => {
      const rows = await em.find(WatchTokenEntity, which, { fields: ['id'], lockMode: LockMode.PESSIMISTIC_WRITE })
      await em.nativeDelete(WatchTokenEntity, which)
      return rows.map((row) => row.id)
    })
    if (tokenId !== undefined && tokenIds.length === 0) throw new AppError('not_found', 'There is no such watch token.')
    this.#close({ tokenIds }, 'revoked')
  }

  /** Removes what expired. */
  async sweep(): Promise<void> {
    await this.#database.em().nativeDelete(WatchTokenEntity, { expiresAt: { $lt: databaseNow(this.#database.dialect) } })
  }
}
