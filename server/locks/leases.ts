import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Database } from '../database/database.ts'
import { LeaseEntity } from '../database/entities.ts'

/** A right that ends by itself. `renew` answers false when it was lost. */
export type Lease = { renew(): Promise<boolean>; release(): Promise<void> }

/** Leases with an owner: one holder for each key at a time, taken over only after it ended. */
export type Leases = {
  /** Null when somebody else holds the key. The same owner gets it again. */
  acquire(key: string, owner: string, ttlMs: number): Promise<Lease | null>
}

/** Leases in the app database. */
export class SqlLeases implements Leases {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async acquire(key: string, owner: string, ttlMs: number): Promise<Lease | null> {
    if (!(await this.#take(key, owner, ttlMs))) return null
    return {
      renew: async () => await this.#extend(key, owner, ttlMs),
      release: async () => void (await this.#database.em().nativeDelete(LeaseEntity, { key, owner })),
    }
  }

  /** Removes all leases: for the one process that has just found itself alone. */
  async clear(): Promise<void> {
    await this.#database.em().nativeDelete(LeaseEntity, {})
  }

  async #take(key: string, owner: string, ttlMs: number): Promise<boolean> {
    const em = this.#database.em()
    const now = Date.now()
    const free = { key, $or: [{ owner }, { expiresAt: { $lte: now } }] }
    if ((await em.nativeUpdate(LeaseEntity, free, { owner, expiresAt: now + ttlMs })) > 0) return true
    try {
      await em.insert(LeaseEntity, { key, owner, expiresAt: now + ttlMs })
      return true
    } catch (thrown) {
      if (thrown instanceof UniqueConstraintViolationException) return false
      throw thrown
    }
  }

  async #extend(key: string, owner: string, ttlMs: number): Promise<boolean> {
    const now = Date.now()
    return (await this.#database.em().nativeUpdate(LeaseEntity, { key, owner, expiresAt: { $gt: now } }, { expiresAt: now + ttlMs })) > 0
  }
}
