import { randomBytes } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Database } from '../database/database.ts'
import { ImportSessionEntity, TargetEntity } from '../database/entities.ts'
import type { TargetRow } from '../database/entities.ts'
import { AppError, toAppError } from '../errors.ts'
import type { RowsPage, TableView, TargetTest, TargetView } from '../../shared/protocol/views.ts'
import { sessionStatuses, isFinal } from '../../shared/session-status.ts'
import { openTarget, openTargetApart, parseTargetUrl, withoutPassword, withPassword } from './registry.ts'
import type { TargetPlaces } from './registry.ts'
import type { Sealer } from './sealed.ts'
import { SharedDatabases } from './shared-databases.ts'
import type { Cell, Table, Target, TargetAddress } from './target.ts'

type TargetDraft = { name: string; url: string }

/** The main database, which is there from the start. */
const mainTargetId = 'main'

/** Databases that people may import into: known by name, their passwords sealed, tested before they are saved. */
export class TargetRecords {
  readonly #database: Database
  readonly #places: TargetPlaces
  readonly #sealer: Sealer
  readonly #shared: SharedDatabases

  constructor(database: Database, places: TargetPlaces, sealer: Sealer) {
    this.#database = database
    this.#places = places
    this.#sealer = sealer
    this.#shared = new SharedDatabases(database, (row) => this.#addressOf(row))
  }

  async ensureMain(): Promise<void> {
    const em = this.#database.em()
    if (await em.findOne(TargetEntity, { id: mainTargetId })) return
    const main: TargetRow = {
      id: mainTargetId,
      name: 'Main database',
      dialect: 'sqlite',
      url: 'sqlite:main.db',
      secret: null,
      place: null,
      builtIn: true,
      createdAt: Date.now(),
    }
    await em.insert(TargetEntity, main)
  }

  async list(): Promise<TargetView[]> {
    const rows = await this.#database.em().find(TargetEntity, {}, { orderBy: [{ builtIn: 'desc' }, { name: 'asc' }] })
    return rows.map(present)
  }

  async get(id: string): Promise<TargetView> {
    return present(await this.#row(id))
  }

  /**
   * Saves a database that answers. Throws what the test found when it does not, `already_exists` when the name is taken, `conflict` when another target leads
   * to the same database.
   */
  async add(draft: TargetDraft): Promise<TargetView> {
    const address = parseTargetUrl(draft.url, this.#places)
    await this.#requireFreeName(draft.name)
    await probe(address)
    const { url, password } = withoutPassword(draft.url)
    const id = `db_${randomBytes(9).toString('base64url')}`
    const row: TargetRow = {
      id,
      name: draft.name,
      dialect: address.dialect,
      url,
      secret: password ? this.#sealer.seal(password) : null,
      place: await this.#placeAlone(id, address),
      builtIn: false,
      createdAt: Date.now(),
    }
    await unique(draft.name, this.#database.em().insert(TargetEntity, row))
    return present(row)
  }

  /**
   * A URL without a password keeps the stored one, when host and user stay the same. Throws `in_use` for a new URL while a run writes to the old one,
   * `conflict` when another target leads there.
   */
  async change(id: string, change: Partial<TargetDraft>): Promise<TargetView> {
    const row = await this.#row(id)
    if (change.url !== undefined && row.builtIn) throw new AppError('conflict', 'The main database stays where it is.')
    const patch: Partial<TargetRow> = change.name === undefined ? {} : { name: change.name }
    if (change.url !== undefined) {
      // A run that resumes opens its target anew: the rest of it would go elsewhere. Another password leads nowhere else.
      if (withoutPassword(change.url).url !== row.url) await this.#requireNoRun(id)
      Object.assign(patch, await this.#moved(row, change.url))
    }
    await unique(change.name ?? row.name, this.#database.em().nativeUpdate(TargetEntity, { id }, patch))
    return await this.get(id)
  }

  /** Forgets a database; what is in it stays. Throws `in_use` while a run writes to it. */
  async remove(id: string): Promise<void> {
    const row = await this.#row(id)
    if (row.builtIn) throw new AppError('conflict', 'The main database can’t be removed.')
    await this.#requireNoRun(id)
    await this.#database.em().nativeDelete(TargetEntity, { id })
  }

  async test(id: string): Promise<TargetTest> {
    const row = await this.#row(id)
    return await testAddress(() => this.#addressOf(row))
  }

  /** Tests what is not saved. */
  async testUrl(url: string): Promise<TargetTest> {
    const address = parseTargetUrl(url, this.#places)
    return await testAddress(() => address)
  }

  /** Where the target is, with its password. Throws `not_found`. */
  async addressOf(id: string): Promise<TargetAddress> {
    return this.#addressOf(await this.#row(id))
  }

  async tables(id: string): Promise<TableView[]> {
    return await this.use(id, async (target) => {
      const tables = await target.readSchema()
      const views: TableView[] = []
      for (const table of tables) {
        const { total } = await target.readRows(table, { offset: 0, limit: 1 })
        views.push(presentTable(table, total))
      }
      return views
    })
  }

  async rows(id: string, tableName: string, page: { offset: number; limit: number }): Promise<RowsPage> {
    return await this.use(id, async (target) => {
      // The name is looked up in the catalogue, never put into SQL as it came.
      const table = (await target.readSchema()).find((candidate) => candidate.name === tableName)
      if (!table) throw new AppError('not_found', 'There is no such table in this database.')
      const { columns, rows, total } = await target.readRows(table, page)
      return { columns, total, rows: rows.map((row) => row.map(presentCell)) }
    })
  }

  /** Opens the target for as long as something is done with it: apart from this thread, which an SQLite file that counts or sorts would hold up. */
  async use<T>(id: string, work: (target: Target) => Promise<T>): Promise<T> {
    const target = await openTargetApart(await this.addressOf(id))
    try {
      return await work(target)
    } finally {
      await target.close()
    }
  }

  /** The ids of all targets that lead to the database of this one, itself among them: one import at a time works on it. */
  async sharing(id: string): Promise<string[]> {
    return await this.#shared.idsWith(id)
  }

  /** What is to be kept as the place of a new address. Runs into one database under two names would not know of each other. */
  async #placeAlone(id: string, address: TargetAddress): Promise<string | null> {
    const { place, other } = await this.#shared.find(id, address)
    if (!other) return place
    throw new AppError('conflict', `“${other.name}” leads to the same database already. Use that one.`, { details: { targetId: other.id } })
  }

  async #requireFreeName(name: string): Promise<void> {
    if ((await this.#database.em().count(TargetEntity, { name })) > 0) throw nameTaken(name)
  }

  async #requireNoRun(id: string): Promise<void> {
    const active = sessionStatuses.filter((status) => !isFinal(status))
    const runs = await this.#database.em().count(ImportSessionEntity, { targetId: id, status: { $in: active } })
    if (runs > 0) throw new AppError('in_use', 'A run writes to this database. Wait for its end or cancel it.')
  }

  async #row(id: string): Promise<TargetRow> {
    const row = await this.#database.em().findOne(TargetEntity, { id })
    if (!row) throw new AppError('not_found', 'There is no such database.')
    return row
  }

  async #moved(row: TargetRow, url: string): Promise<Partial<TargetRow>> {
    const parts = withoutPassword(url)
    const keeps = !parts.password && row.secret && sameServer(parts.url, row.url)
    const secret = keeps ? row.secret : parts.password ? this.#sealer.seal(parts.password) : null
    const address = parseTargetUrl(this.#withPassword({ url: parts.url, secret }), this.#places)
    await probe(address)
    // Another password leads nowhere else.
    const place = parts.url === row.url ? {} : { place: await this.#placeAlone(row.id, address) }
    return { url: parts.url, secret: secret ?? null, dialect: address.dialect, ...place }
  }

  #addressOf(row: TargetRow): TargetAddress {
    return parseTargetUrl(this.#withPassword(row), this.#places)
  }

  #withPassword({ url, secret }: { url: string; secret?: string | null }): string {
    return secret ? withPassword(url, this.#sealer.unseal(secret)) : url
  }
}

/** A stored password goes only to the server and user that it was given for. */
function sameServer(a: string, b: string): boolean {
  const [left, right] = [new URL(a), new URL(b)]
  return left.host === right.host && left.username === right.username && left.protocol === right.protocol
}

/** Tables that only the app database of an Intake has together, this one's or another's. */
const ownTables = ['import_session', 'import_event', 'watch_token', 'rejected_record']

/** What a database answers. Throws `target_refused` for an app database, whose users, tokens and logs nobody may write over or read as rows. */
async function probe(address: TargetAddress): Promise<{ version: string; tables: number }> {
  const target = await openTarget(address)
  try {
    const found = await target.probe()
    const names = new Set((await target.readSchema()).map(({ name }) => name))
    if (ownTables.every((name) => names.has(name)))
      throw new AppError('target_refused', 'This is where an Intake keeps its own users, runs and logs. Choose another database.')
    return found
  } finally {
    await target.close()
  }
}

/** That an address can't be told, because its password can't be read, is a reason that a test fails as any other. */
async function testAddress(address: () => TargetAddress): Promise<TargetTest> {
  try {
    return { ok: true, ...(await probe(address())) }
  } catch (thrown) {
    const error = toAppError(thrown)
    return { ok: false, error: { code: error.code, message: error.message } }
  }
}

async function unique<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    if (thrown instanceof UniqueConstraintViolationException) throw nameTaken(name)
    throw thrown
  }
}

function nameTaken(name: string): AppError {
  return new AppError('already_exists', `There is a database called “${name}” already.`)
}

function present(row: TargetRow): TargetView {
  const { id, name, url, dialect, builtIn, createdAt } = row
  return { id, name, url, dialect, builtIn, createdAt: new Date(createdAt).toISOString() }
}

function presentTable(table: Table, rows: number | null): TableView {
  const columns = table.columns.map((column) => ({
    name: column.name,
    type: column.sqlType,
    nullable: column.nullable,
    primaryKey: table.primaryKey.includes(column.name),
  }))
  return { name: table.name, rows, columns }
}

const longestCell = 1000

function presentCell(cell: Cell): string | number | boolean | null {
  if (typeof cell === 'bigint') return cell.toString()
  if (cell instanceof Uint8Array) return `\\x${Buffer.from(cell.subarray(0, 64)).toString('hex')}${cell.length > 64 ? '…' : ''}`
  if (typeof cell === 'string' && cell.length > longestCell) return `${cell.slice(0, longestCell)}…`
  return cell
}
