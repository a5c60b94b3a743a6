import type { Database, EntityManager } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { ImportSession } from '../database/entities.ts'
import { storableJson, storableText } from '../database/storable.ts'
import type { Ledger, LogLevel, StoredEvent } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import { chainEvents } from './event-chain.ts'
import { lockHead, moveHead } from './event-head.ts'
import type { EventHead } from './event-head.ts'
import { insertEvents } from './event-rows.ts'

/** An event before it has its number. */
export type EventDraft =
  | { type: 'log'; level: LogLevel; message: string; stream?: string; data?: unknown }
  | { type: 'status'; status: SessionStatus; message?: string; level?: LogLevel; data?: unknown }

/** What is to become of an import session, in one transaction: columns and events together, or neither. */
export type Change = {
  importId: string
  /** The change is not made, and `null` answered, unless this still holds: a stale attempt stores nothing. */
  expect?: { attempt?: number; statuses?: readonly SessionStatus[] }
  patch?: Partial<ImportSession>
  drafts: EventDraft[]
  /** More that belongs into the same transaction, and may add to the drafts. */
  before?: (em: EntityManager) => Promise<void>
  /** More that belongs into the same transaction. */
  within?: (em: EntityManager) => Promise<void>
}

/** Told after the commit, in the order of the numbers, one call at a time for each import session. */
export type StoredListener = (change: { importId: string; events: StoredEvent[]; patched: boolean }) => Promise<void> | void

const longestMessage = 64 * 1024

/**
 * The one door through which an import session changes and its events are kept. Numbers are given here: 1, 2, 3… without a hole, under the row's lock.
 */
export class EventLog {
  readonly #database: Database
  readonly #listener: StoredListener
  readonly #tails = new Map<string, Promise<unknown>>()

  constructor(database: Database, listener: StoredListener) {
    this.#database = database
    this.#listener = listener
  }

  /** Stores, then tells. Answers the events as stored, or null when `expect` no longer holds. */
  async write(change: Change): Promise<StoredEvent[] | null> {
    return await this.#inTurn(change.importId, async () => {
      const events = await this.#store(change)
      if (events) await this.#listener({ importId: change.importId, events, patched: change.patch !== undefined })
      return events
    })
  }

  async #inTurn<T>(importId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(importId) ?? Promise.resolve()
    const mine = before.then(work, work)
    const tail = mine.catch(() => undefined)
    this.#tails.set(importId, tail)
    try {
      return await mine
    } finally {
      if (this.#tails.get(importId) === tail) this.#tails.delete(importId)
    }
  }

  async #store(change: Change): Promise<StoredEvent[] | null> {
    const { importId, drafts, patch } = change
    return await this.#database.em().transactional(async (em) => {
      const head = await lockHead(em, this.#database.dialect, importId)
      if (!head || !holds(change, head)) return null
      await change.before?.(em)
      const events = number(drafts, head)
      const end = events.findIndex(({ status }) => status !== undefined && isFinal(status))
      if (end >= 0) events[end]!.data = closing(events.slice(0, end + 1), head, patch?.ledger ?? (await ledgerOf(em, importId)))
      if (events.length > 0) {
        await insertEvents(em, importId, events)
        await moveHead(em, importId, { lastSeq: events.at(-1)!.seq, logHash: chainEvents(head.logHash, events) })
      }
      if (patch && Object.keys(patch).length > 0) await em.nativeUpdate(ImportSessionEntity, { id: importId }, patch)
      await change.within?.(em)
      return events
    })
  }
}

function holds({ expect }: Change, head: EventHead): boolean {
  if (expect?.attempt !== undefined && expect.attempt !== head.attempt) return false
  return !expect?.statuses || expect.statuses.includes(head.status)
}

function number(drafts: EventDraft[], { lastSeq }: EventHead): StoredEvent[] {
  const at = new Date().toISOString()
  return drafts.map((draft, index) => ({ seq: lastSeq + index + 1, at, ...clean(draft) }))
}

/** The last event of a run says how many events there are and what the chain was before it, so that a log that lost its tail shows. */
function closing(events: StoredEvent[], head: EventHead, ledger: Ledger | undefined): unknown {
  const { data, seq } = events.at(-1)!
  return { ...(typeof data === 'object' && data), count: seq, checksum: chainEvents(head.logHash, events.slice(0, -1)), ledger }
}

async function ledgerOf(em: EntityManager, importId: string): Promise<Ledger | undefined> {
  const row = await em.findOne(ImportSessionEntity, { id: importId }, { fields: ['ledger'], disableIdentityMap: true })
  return row?.ledger
}

function clean(draft: EventDraft): Omit<StoredEvent, 'seq' | 'at'> {
  const { message, data, ...rest } = draft
  const event: Omit<StoredEvent, 'seq' | 'at'> = { ...rest }
  if (event.stream !== undefined) event.stream = storableText(event.stream)
  if (message !== undefined) event.message = storableText(message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message)
  if (data !== undefined) event.data = storableJson(data)
  return event
}
