import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Database, EntityManager } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { ImportSession } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { EventLog } from '../realtime/event-log.ts'
import type { WatchTokens } from '../auth/watch-tokens.ts'
import type { WatchGrant } from '../../shared/protocol/views.ts'
import { openDeliveries } from './deliveries/open-deliveries.ts'
import { refuseBusy } from './occupied-target.ts'
import { takeUploads } from './uploads/taken-uploads.ts'
import { draftOf } from './import-draft.ts'
import type { StartRequest } from './import-draft.ts'

export type Started = { outcome: 'started' | 'joined'; importId: string; watch: WatchGrant }

/** The same again so soon after its end is asked about: a click that came late, or a real second run? */
const againWithinMs = 5000

export type StarterParts = {
  database: Database
  events: EventLog
  tokens: WatchTokens
  enqueue: (importId: string, attempt: number) => Promise<void>
  /** A start whose target another run has is refused; else it waits for its turn. */
  refuseBusy: boolean
  /** All targets that lead to the database of this one, itself among them. */
  sharing: (targetId: string) => Promise<string[]>
}

/** Starts import sessions: exactly one for one wish, however often it arrives. */
export class ImportStarter {
  readonly #database: Database
  readonly #events: EventLog
  readonly #tokens: WatchTokens
  readonly #enqueue: (importId: string, attempt: number) => Promise<void>
  readonly #refuseBusy: boolean
  readonly #sharing: (targetId: string) => Promise<string[]>

  constructor(parts: StarterParts) {
    this.#database = parts.database
    this.#events = parts.events
    this.#tokens = parts.tokens
    this.#enqueue = parts.enqueue
    this.#refuseBusy = parts.refuseBusy
    this.#sharing = parts.sharing
  }

  /**
   * Makes the import session with its watch token, or joins the one that is there. The row itself is the outbox entry: `queued` means it must be carried
   * to a worker, and whoever finds it so carries it. Throws `recently_finished` when the same has just ended and `options.again` is not set,
   * `conflict` when the target is busy and starts are not to wait for it.
   */
  async start(request: StartRequest): Promise<Started> {
    const draft = draftOf(request)
    // Two rounds: the second finds what made the first collide.
    for (let round = 0; ; round++) {
      const existing = await this.#existing(draft, request.receivedAt)
      if (existing) return await this.#join(existing, request)
      try {
        return await this.#insert(draft, request)
      } catch (thrown) {
        if (!(thrown instanceof UniqueConstraintViolationException) || round > 2) throw thrown
      }
    }
  }

  async #existing(draft: ImportSession, receivedAt: number): Promise<string | null> {
    const em = this.#database.em()
    if (draft.idempotencyKey) {
      const same = await em.findOne(ImportSessionEntity, { idempotencyKey: draft.idempotencyKey }, { fields: ['id', 'dedupeKey'] })
      if (same && same.dedupeKey !== draft.dedupeKey)
        throw new AppError('conflict', 'This Idempotency-Key was used for another import. Use a new one.')
      if (same) return same.id
    }
    const active = await em.findOne(ImportSessionEntity, { activeKey: draft.dedupeKey }, { fields: ['id'] })
    if (active) return active.id
    return draft.options['again'] === true ? null : await this.#recent(em, draft.dedupeKey, receivedAt)
  }

  async #recent(em: EntityManager, dedupeKey: string, receivedAt: number): Promise<string | null> {
    const since = Math.min(receivedAt, Date.now() - againWithinMs)
    const recent = await em.findOne(
      ImportSessionEntity,
      { dedupeKey, endedAt: { $gt: since } },
      { fields: ['id', 'status', 'endedAt'], orderBy: { endedAt: 'desc' } },
    )
    if (!recent) return null
    if ((recent.endedAt ?? 0) >= receivedAt) return recent.id
    throw new AppError('recently_finished', 'The same content went to the same place a moment ago. Run it again?', {
      details: { importId: recent.id, status: recent.status },
    })
  }

  async #join(importId: string, request: StartRequest): Promise<Started> {
    const watch = await this.#tokens.issue({ userId: request.user.id, importId, loginId: request.user.loginId })
    return { outcome: 'joined', importId, watch: { token: watch.token, expiresAt: watch.expiresAt } }
  }

  async #insert(draft: ImportSession, request: StartRequest): Promise<Started> {
    const { user } = request
    const alone = this.#refuseBusy && draft.targetId ? await this.#sharing(draft.targetId) : []
    const watch = await this.#database.em().transactional(async (em) => {
      if (alone.length > 0) await refuseBusy(em, alone)
      await em.insert(ImportSessionEntity, draft)
      await takeUploads(em, request.uploads ?? [], draft.id)
      await openDeliveries(em, draft)
      return await this.#tokens.issue({ userId: user.id, importId: draft.id, loginId: user.loginId }, em)
    })
    await this.#events.write({ importId: draft.id, expect: { statuses: ['queued'] }, patch: {}, drafts: [{ type: 'status', status: 'queued' }] })
    await this.#enqueue(draft.id, draft.attempt)
    return { outcome: 'started', importId: draft.id, watch: { token: watch.token, expiresAt: watch.expiresAt } }
  }
}
