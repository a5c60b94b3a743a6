import type { Database } from '../database/database.ts'
import { TargetEntity } from '../database/entities.ts'
import type { TargetRow } from '../database/entities.ts'
import { identityOf as fileIdentity } from './sqlite/identity.ts'
import type { PostgresAddress, TargetAddress } from './target.ts'

/**
 * Knows which targets lead to one database. A file is looked at each time, since it may be replaced. A server is asked when its address is saved, or at the
 * first use of one that was saved before that was done; what it said is kept as the target's `place`.
 */
export class SharedDatabases {
  readonly #database: Database
  readonly #addressOf: (row: TargetRow) => TargetAddress

  constructor(database: Database, addressOf: (row: TargetRow) => TargetAddress) {
    this.#database = database
    this.#addressOf = addressOf
  }

  /**
   * For an address that is to be saved for the target `id`: the place to keep with it, null for a file, whose place is not kept; and another target that leads
   * to the same database.
   */
  async find(id: string, address: TargetAddress): Promise<{ place: string | null; other: TargetRow | null }> {
    const others = async () => (await this.#rows(address.dialect)).filter((row) => row.id !== id)
    if (address.dialect === 'sqlite') {
      const file = fileIdentity(address.file)
      return { place: null, other: (await others()).find((row) => this.#placeOf(row) === file) ?? null }
    }
    for (const row of await others()) if (!row.place) await this.#settled(row)
    const place = await this.#placeFor(id, address)
    return { place, other: (await others()).find((row) => row.place === place) ?? null }
  }

  /** The ids of all targets that lead to the database of this one, itself among them, always in the same order. */
  async idsWith(id: string): Promise<string[]> {
    const row = await this.#database.em().findOne(TargetEntity, { id }, { disableIdentityMap: true })
    if (!row) return [id]
    const place = this.#placeOf(row) ?? (await this.#settled(row))
    if (place === null) return [id]
    const rows = await this.#rows(row.dialect)
    return [...new Set([id, ...rows.filter((other) => this.#placeOf(other) === place).map((other) => other.id)])].toSorted()
  }

  async #rows(dialect: TargetRow['dialect']): Promise<TargetRow[]> {
    return await this.#database.em().find(TargetEntity, { dialect }, { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], disableIdentityMap: true })
  }

  #placeOf(row: TargetRow): string | null {
    if (row.dialect !== 'sqlite') return row.place ?? null
    return ifUsable(() => {
      const address = this.#addressOf(row)
      return address.dialect === 'sqlite' ? fileIdentity(address.file) : null
    })
  }

  /** For a target that was saved before places were kept. One that can't be reached is asked the next time. */
  async #settled(row: TargetRow): Promise<string | null> {
    const address = ifUsable(() => this.#addressOf(row))
    if (address?.dialect !== 'postgresql') return null
    const place = await this.#placeFor(row.id, address).catch(() => null)
    if (place !== null) await this.#database.em().nativeUpdate(TargetEntity, { id: row.id, url: row.url }, { place })
    return place
  }

  /** What can't be told from others is taken for one of its own. */
  async #placeFor(id: string, address: PostgresAddress): Promise<string> {
    const { identityOf } = await import('./postgresql/identity.ts')
    const identity = await identityOf(address)
    return identity === null ? id : await this.#told(id, address, identity)
  }

  /** Clusters that began as one are told apart as long as both can be reached; one that can't is taken for the same. */
  async #told(id: string, address: PostgresAddress, identity: string): Promise<string> {
    const { lockIsShared } = await import('./postgresql/identity.ts')
    const isAlike = (place: string | null | undefined) => place === identity || place?.startsWith(`${identity}|`)
    const alike = (await this.#rows('postgresql')).filter((row) => row.id !== id && isAlike(row.place))
    for (const row of alike) {
      const other = ifUsable(() => this.#addressOf(row))
      if (other?.dialect !== 'postgresql' || (await lockIsShared(address, other).catch(() => true))) return row.place ?? identity
    }
    return alike.length === 0 ? identity : `${identity}|${id}`
  }
}

/** Null for an address that may not be used any more, or leads where nobody may look. */
function ifUsable<T>(what: () => T): T | null {
  try {
    return what()
  } catch {
    return null
  }
}
