import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { databaseNow } from '../database/database-clock.ts'
import type { Database } from '../database/database.ts'
import { LeaseEntity } from '../database/entities.ts'

/** A right that ends by itself. */
export type Lease = {
  /**
   * Begins its time anew. False only when somebody else holds the key. A key that nobody holds, because its time ran out or the store was wiped, is
   * taken again: nobody has worked on what it stands for in between, or is told so by the fences behind it.
   */
  renew(): Promise<boolean>
  /** Does nothing when somebody else holds the key. */
  release(): Promise<void>
}

/**
 * Leases with an owner: one holder for each key at a time, taken over only after it ended. The time is that of the store, never of a process. A store
 * that forgets may give the same key to two: a lease saves vain work, and what must not happen twice is fenced where it happens.
 */
export type Leases = {
  /** Null when somebody else holds the key. The same owner gets it again, for `ttlMs` from now. Throws when the store can't be reached. */
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
      renew: async () => await this.#take(key, owner, ttlMs),
      release: async () => void (await this.#database.em().nativeDelete(LeaseEntity, { key, owner })),
    }
  }

  /** Removes all leases: for the one process that has just found itself alone. */
  async clear(): Promise<void> {
    await this.#database.em().nativeDelete(LeaseEntity, {})
  }

  async #take(key: string, owner: string, ttlMs: number): Promise<boolean> {
    const em = this.#database.em()
    const free = { key, $or: [{ owner }, { expiresAt: { $lte: this.#now() } }] }
    if ((await em.nativeUpdate(LeaseEntity, free, { owner, expiresAt: this.#now(ttlMs) })) > 0) return true
    try {
      await em.insert(LeaseEntity, { key, owner, expiresAt: this.#now(ttlMs) })
      return true
    } catch (thrown) {
      if (thrown instanceof UniqueConstraintViolationException) return false
      throw thrown
    }
  }

  #now(plusMs = 0) {
    return databaseNow(this.#database.dialect, plusMs)
  }
}
