import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { AccountChange, AccountDraft, AccountPlace } from '../../shared/schemas/account.ts'
import type { AccountTest, AccountView } from '../../shared/protocol/views.ts'
import { isFinal, sessionStatuses } from '../../shared/session-status.ts'
import { standardLimits } from '../../shared/standard-limits.ts'
import type { Database } from '../database/database.ts'
import { AccountEntity, ImportSessionEntity } from '../database/entities.ts'
import type { AccountRow } from '../database/entities.ts'
import { AppError, toAppError } from '../errors.ts'
import type { Sealer } from '../targets/sealed.ts'
import { changedPlace, parsePlace } from './account-place.ts'
import type { ProbeAnswer } from './destination.ts'
import { openDestination } from './open-destination.ts'
import type { DestinationRules } from './open-destination.ts'

const probeMs = 30_000

/** Where bulk uploads deliver: known by name, their secrets sealed and never shown again, tested before they are saved. */
export class AccountRecords {
  readonly #database: Database
  readonly #rules: DestinationRules
  readonly #sealer: Sealer

  constructor(database: Database, rules: DestinationRules, sealer: Sealer) {
    this.#database = database
    this.#rules = rules
    this.#sealer = sealer
  }

  async list(): Promise<AccountView[]> {
    const rows = await this.#database.em().find(AccountEntity, {}, { orderBy: { name: 'asc' } })
    return rows.map((row) => this.#present(row))
  }

  async get(id: string): Promise<AccountView> {
    return this.#present(await this.#row(id))
  }

  /** Saves an account that works. Throws what the test found when it does not, `already_exists` when the name is taken. */
  async add({ name, limits, ...place }: AccountDraft): Promise<AccountView> {
    const tried = await this.#tried(place)
    const row: AccountRow = {
      id: `account_${randomBytes(9).toString('base64url')}`,
      name,
      ...this.#stored(tried),
      limits: { ...standardLimits(place.driver), ...limits },
      createdAt: Date.now(),
    }
    await unique(name, this.#database.em().insert(AccountEntity, row))
    return this.#present(row)
  }

  /**
   * A new address, or new secrets, are tested before they are saved; see `changedPlace` for what stays. Throws `in_use` for a new address while a run
   * delivers to the old one.
   */
  async change(id: string, { name, limits, ...change }: AccountChange): Promise<AccountView> {
    const row = await this.#row(id)
    const place = this.#changedPlace(row, change)
    // What a run has not delivered yet would go elsewhere when it resumes, and what it has would be missed.
    if (place && !isDeepStrictEqual(place.address, row.address)) await this.#requireNoRun(id)
    const patch: Partial<AccountRow> = {
      ...(name !== undefined && { name }),
      ...(limits !== undefined && { limits: { ...row.limits, ...limits } }),
      ...(place && this.#stored(await this.#tried(place))),
    }
    if (Object.keys(patch).length > 0) await unique(name ?? row.name, this.#database.em().nativeUpdate(AccountEntity, { id }, patch))
    return await this.get(id)
  }

  /** Forgets an account; what was delivered stays. Throws `in_use` while a run delivers to it. */
  async remove(id: string): Promise<void> {
    await this.#row(id)
    await this.#requireNoRun(id)
    await this.#database.em().nativeDelete(AccountEntity, { id })
  }

  async test(id: string): Promise<AccountTest> {
    const row = await this.#row(id)
    return await this.#test(() => this.#placeOf(row))
  }

  /** Tests what is not saved. */
  async testPlace(place: AccountPlace): Promise<AccountTest> {
    return await this.#test(() => place)
  }

  /** That a place can't be told, because its secrets can't be read, is a reason that a test fails as any other. */
  async #test(place: () => AccountPlace): Promise<AccountTest> {
    try {
      return { ok: true, description: (await this.#probe(place())).description }
    } catch (thrown) {
      const { code, message } = toAppError(thrown)
      return { ok: false, error: { code, message } }
    }
  }

  /** Where an account leads to, with its secrets. Throws `not_found`. */
  async placeOf(id: string): Promise<AccountPlace> {
    return this.#placeOf(await this.#row(id))
  }

  /** Null when nothing of it changes. Secrets that are entered anew make up for stored ones that can't be read. */
  #changedPlace({ driver, address, secrets }: AccountRow, change: Pick<AccountChange, 'address' | 'secrets'>): AccountPlace | null {
    if (change.address === undefined && change.secrets === undefined) return null
    return changedPlace(parsePlace({ driver, address, secrets: change.secrets ?? this.#unsealed(secrets) }), change)
  }

  async #requireNoRun(id: string): Promise<void> {
    const active = sessionStatuses.filter((status) => !isFinal(status))
    const runs = await this.#database.em().find(ImportSessionEntity, { kind: 'bulk', status: { $in: active } }, { fields: ['id', 'options'] })
    const used = runs.some(({ options }) => usesAccount(options, id))
    if (used) throw new AppError('in_use', 'A run delivers to this account. Wait for its end or cancel it.')
  }

  async #row(id: string): Promise<AccountRow> {
    const row = await this.#database.em().findOne(AccountEntity, { id })
    if (!row) throw new AppError('not_found', 'There is no such account.')
    return row
  }

  /** A place that works. What its server told of itself is kept with it. */
  async #tried(place: AccountPlace): Promise<AccountPlace> {
    const { hostKey } = await this.#probe(place)
    return place.driver === 'sftp' && hostKey !== undefined ? { ...place, address: { ...place.address, hostKey } } : place
  }

  async #probe(place: AccountPlace): Promise<ProbeAnswer> {
    const destination = await openDestination(place, this.#rules)
    const late = new AppError('destination_unreachable', `There was no answer within ${probeMs / 1000} seconds.`, { retryable: true })
    const stop = new AbortController()
    const timer = setTimeout(() => stop.abort(late), probeMs)
    try {
      return await destination.probe(stop.signal)
    } finally {
      clearTimeout(timer)
      await destination.close()
    }
  }

  #stored({ driver, address, secrets }: AccountPlace): Pick<AccountRow, 'driver' | 'address' | 'secrets'> {
    return { driver, address, secrets: this.#sealer.seal(JSON.stringify(secrets)) }
  }

  #placeOf({ driver, address, secrets }: AccountRow): AccountPlace {
    return parsePlace({ driver, address, secrets: this.#unsealed(secrets) })
  }

  #unsealed(sealed: string): Record<string, unknown> {
    try {
      return JSON.parse(this.#sealer.unseal(sealed)) as Record<string, unknown>
    } catch (cause) {
      const message = 'The stored secrets of this account can’t be read with the present SECRET_KEY. Enter them again.'
      throw new AppError('destination_login_refused', message, { cause })
    }
  }

  #present({ id, name, driver, address, secrets, limits, createdAt }: AccountRow): AccountView {
    return { id, name, driver, address, secrets: this.#namesIn(secrets), limits, createdAt: new Date(createdAt).toISOString() }
  }

  /** An account whose secrets can't be read is still shown, so that somebody can enter them again. */
  #namesIn(sealed: string): string[] {
    try {
      return Object.keys(this.#unsealed(sealed))
    } catch {
      return []
    }
  }
}

function usesAccount({ accounts }: Record<string, unknown>, id: string): boolean {
  return Array.isArray(accounts) && accounts.includes(id)
}

async function unique<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    if (thrown instanceof UniqueConstraintViolationException) throw new AppError('already_exists', `There is an account called “${name}” already.`)
    throw thrown
  }
}
