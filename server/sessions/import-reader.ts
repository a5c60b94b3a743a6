import type { FilterQuery } from '@mikro-orm/core'
import type { Database, EntityManager } from '../database/database.ts'
import { ImportSessionEntity, TargetEntity, UserEntity } from '../database/entities.ts'
import type { ImportSession } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { LiveRuns } from '../jobs/live-runs.ts'
import type { HistoryPage, ImportView } from '../../shared/protocol/views.ts'
import type { HistoryQuery } from '../../shared/schemas/requests.ts'
import { presentImport } from './present-import.ts'

/** Reads import sessions for people: one, or the history by page. */
export class ImportReader {
  readonly #database: Database
  readonly #live: LiveRuns

  constructor(database: Database, live: LiveRuns) {
    this.#database = database
    this.#live = live
  }

  async find(importId: string): Promise<ImportView | null> {
    const em = this.#database.em()
    const row = await em.findOne(ImportSessionEntity, { id: importId })
    return row ? ((await this.#present(em, [row]))[0] ?? null) : null
  }

  /** Throws `not_found`. */
  async get(importId: string): Promise<ImportView> {
    const view = await this.find(importId)
    if (!view) throw new AppError('not_found', 'There is no such import session.')
    return view
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    const em = this.#database.em()
    const [rows, total] = await em.findAndCount(ImportSessionEntity, filterOf(query), {
      orderBy: orderOf(query.sort),
      limit: query.limit,
      offset: (query.page - 1) * query.limit,
    })
    return { items: await this.#present(em, rows), total }
  }

  async #present(em: EntityManager, rows: ImportSession[]): Promise<ImportView[]> {
    const users = await em.find(UserEntity, { id: { $in: rows.map((row) => row.userId) } })
    const targets = await em.find(TargetEntity, { id: { $in: rows.flatMap((row) => row.targetId ?? []) } })
    const userNames = new Map(users.map((user) => [user.id, user.name]))
    const targetNames = new Map(targets.map((target) => [target.id, target.name]))
    return rows.map((row) =>
      presentImport(row, { user: userNames.get(row.userId), target: targetNames.get(row.targetId ?? '') }, this.#live.get(row.id)),
    )
  }
}

function filterOf(query: HistoryQuery): FilterQuery<ImportSession> {
  const filters: FilterQuery<ImportSession>[] = []
  if (query.status) filters.push({ status: { $in: query.status } })
  if (query.kind) filters.push({ kind: { $in: query.kind } })
  if (query.user) filters.push({ userId: query.user })
  if (query.target) filters.push({ targetId: query.target })
  if (query.from) filters.push({ createdAt: { $gte: Date.parse(query.from) } })
  if (query.to) filters.push({ createdAt: { $lt: endOf(query.to) } })
  if (query.q) {
    const pattern = `%${query.q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    filters.push({ $or: [{ searchText: { $like: pattern } }, { id: query.q }, { requestId: query.q }] })
  }
  return filters.length > 0 ? { $and: filters } : {}
}

/** A bare date means the whole of that day. */
function endOf(to: string): number {
  return Date.parse(to) + (to.includes('T') ? 1 : 86_400_000)
}

function orderOf(sort: HistoryQuery['sort']): Record<string, 'asc' | 'desc'>[] {
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  // The id makes the order total, so that no row is on two pages or on none.
  return [{ [sort.replace('-', '')]: direction }, { id: direction }]
}
