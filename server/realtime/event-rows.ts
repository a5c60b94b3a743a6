import { sql } from 'kysely'
import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { EntityManager } from '../database/database.ts'
import type { EventPage, LogLevel, StoredEvent } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

type EventRow = {
  import_id: string
  seq: number
  at: number | string
  type: 'log' | 'status'
  level: LogLevel | null
  stream: string | null
  message: string | null
  data: string | null
  status: SessionStatus | null
}
type Tables = { import_event: EventRow; import_session: { id: string; last_seq: number; status: SessionStatus } }

/** Bound parameters, not the ORM's interpolation: log lines are the text of strangers. */
const tables = (em: EntityManager): Kysely<Tables> => em.getKysely<Tables>()

const slice = 100

/** Inserts numbered events, in the transaction of `em`. */
export async function insertEvents(em: EntityManager, importId: string, events: StoredEvent[]): Promise<void> {
  const rows = events.map((event) => toRow(importId, event))
  for (let start = 0; start < rows.length; start += slice) {
    await tables(em)
      .insertInto('import_event')
      .values(rows.slice(start, start + slice))
      .execute()
  }
}

export type EventFilter = {
  after: number
  limit: number
  level?: LogLevel[] | undefined
  stream?: string | undefined
  /** Place of a file in a bulk upload: the changes of its deliveries. */
  file?: number | undefined
  q?: string | undefined
}

/** Rows that are read at a time, and characters after which a page is full: a log of very long lines comes in shorter pages. */
const readAtATime = 250
const pageCharacters = 1024 * 1024
const idsAtATime = 500

/**
 * A page of the log in order, from after `after`, at most `limit` events. `lastSeq` is that of the whole log, `more` says whether anything that fits
 * follows the page.
 */
export async function readEvents(em: EntityManager, importId: string, filter: EventFilter): Promise<EventPage> {
  const head = await tables(em).selectFrom('import_session').select('last_seq').where('id', '=', importId).executeTakeFirst()
  const lastSeq = head?.last_seq ?? 0
  const events: StoredEvent[] = []
  let characters = 0
  for await (const row of eachRow(em, importId, filter, lastSeq)) {
    if (events.length >= filter.limit || characters >= pageCharacters) return { events, lastSeq, more: true }
    events.push(fromRow(row))
    characters += (row.message?.length ?? 0) + (row.data?.length ?? 0)
  }
  return { events, lastSeq, more: false }
}

/** What an import session is at, undefined for one that is not there. It is one value of one row: those who follow a log ask after each batch. */
export async function readStatus(em: EntityManager, importId: string): Promise<SessionStatus | undefined> {
  return (await tables(em).selectFrom('import_session').select('status').where('id', '=', importId).executeTakeFirst())?.status
}

/** The number of the newest stored event of each of these import sessions. */
export async function readLastSeqs(em: EntityManager, importIds: string[]): Promise<Map<string, number>> {
  const lastSeqs = new Map<string, number>()
  for (let start = 0; start < importIds.length; start += idsAtATime) {
    const ids = importIds.slice(start, start + idsAtATime)
    const rows = await tables(em).selectFrom('import_session').select(['id', 'last_seq']).where('id', 'in', ids).execute()
    for (const { id, last_seq: lastSeq } of rows) lastSeqs.set(id, lastSeq)
  }
  return lastSeqs
}

async function* eachRow(em: EntityManager, importId: string, filter: EventFilter, lastSeq: number): AsyncGenerator<EventRow> {
  for (let after = filter.after; ;) {
    const rows = await filtered(em, importId, filter)
      .where('seq', '>', after)
      // Nothing above the head that was just read: what commits meanwhile comes with the next page.
      .where('seq', '<=', lastSeq)
      .orderBy('seq')
      .limit(readAtATime)
      .selectAll()
      .execute()
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < readAtATime) return
    after = last.seq
  }
}

function filtered(em: EntityManager, importId: string, filter: EventFilter): SelectQueryBuilder<Tables, 'import_event', object> {
  let query = tables(em).selectFrom('import_event').where('import_id', '=', importId)
  if (filter.level) query = query.where('level', 'in', filter.level)
  if (filter.stream) query = query.where('stream', '=', filter.stream)
  // The data of such an event are a `DeliveryChange`, stored as JSON with its first field in front.
  if (filter.file !== undefined) query = query.where('data', 'like', `{"delivery":{"file":${filter.file},%`)
  if (filter.q) {
    const [typed, lower] = [filter.q, filter.q.toLowerCase()].map((text) => `%${text.replace(/[\\%_]/g, '\\$&')}%`)
    // SQLite lowers ASCII alone: other letters are found as they were typed.
    query = query.where(sql<boolean>`(lower(message) like ${lower} escape '\\' or message like ${typed} escape '\\')`)
  }
  return query
}

function toRow(importId: string, event: StoredEvent): EventRow {
  return {
    import_id: importId,
    seq: event.seq,
    at: Date.parse(event.at),
    type: event.type,
    level: event.level ?? null,
    stream: event.stream ?? null,
    message: event.message ?? null,
    data: event.data === undefined ? null : JSON.stringify(event.data),
    status: event.status ?? null,
  }
}

function fromRow(row: EventRow): StoredEvent {
  return {
    seq: row.seq,
    at: new Date(Number(row.at)).toISOString(),
    type: row.type,
    ...(row.level && { level: row.level }),
    ...(row.stream !== null && { stream: row.stream }),
    ...(row.message !== null && { message: row.message }),
    ...(row.data !== null && { data: JSON.parse(row.data) as unknown }),
    ...(row.status && { status: row.status }),
  }
}
