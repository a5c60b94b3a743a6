import { LockMode } from '@mikro-orm/core'
import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import type { Database, EntityManager } from '../../database/database.ts'
import { ExchangeCycleEntity, ExchangeLoginEntity, ExchangePieceEntity, ImportSessionEntity } from '../../database/entities.ts'
import type { ExchangeCycle, ImportSession } from '../../database/entities.ts'
import { readExchangeSettings } from '../../auth/exchange-settings.ts'
import { AppError } from '../../errors.ts'
import type { EventLog } from '../../realtime/event-log.ts'
import type { Storage } from '../../storage/storage.ts'
import { commerceOptions } from '../../../shared/schemas/commerce-options.ts'
import type { CommerceOptions } from '../../../shared/schemas/commerce-options.ts'
import { isFinal } from '../../../shared/session-status.ts'
import { draftOf } from '../import-draft.ts'

export type ExchangeType = ExchangeCycle['type']
/** Who calls, for the log of the import session. */
export type Caller = { agent: string; address: string; requestId: string }
export type CycleParts = { database: Database; events: EventLog; storage: Storage }
/** What the guard lets pass, in percent. */
type Guarded = CycleParts & { guard: CommerceOptions['limits'] }

/** An upload that nobody goes on with for so long was given up: sockets that stand still are closed sooner. */
const givenUpMs = 150_000
/** A run that 1C asks about under a new cookie can't be older. */
const adoptableMs = 24 * 3_600_000

/**
 * What 1C sends, from its first file to its first `import`, is one import session: open from the first byte, so that people see it come. Everything about
 * it lies in SQL: any process goes on with it, also under the next cookie when 1C has lost the first.
 */
export class ExchangeCycles {
  readonly #parts: Guarded

  constructor(parts: Guarded) {
    this.#parts = parts
  }

  /** The cycle that files are received into: the one that is open, or a new one. Throws the reason when the open one was ended, by a person for instance. */
  async receiving(principal: ExchangePrincipal, type: ExchangeType, caller: Caller): Promise<ExchangeCycle> {
    const open = await this.#newest(principal, type, { closed: false })
    if (!open) return await this.#open(principal, type, caller)
    await this.refuseEnded(open)
    return open
  }

  /** The cycle that `import` is about; null when nothing was sent. */
  async current(principal: ExchangePrincipal, type: ExchangeType): Promise<ExchangeCycle | null> {
    return await this.#newest(principal, type, { createdAt: { $gt: Date.now() - adoptableMs } })
  }

  /** Throws `cancelled`, or what ended it, when nothing more can come of an import session whose files are still arriving. */
  async refuseEnded({ importId, closed }: ExchangeCycle): Promise<void> {
    if (closed) return
    const row = await this.#parts.database
      .em()
      .findOne(ImportSessionEntity, { id: importId }, { fields: ['status', 'error'], disableIdentityMap: true })
    if (row && !isFinal(row.status)) return
    throw new AppError(row?.error?.code ?? 'cancelled', `${row?.error?.message ?? 'The exchange was cancelled.'} Start the exchange anew.`)
  }

  /** `init`: what was half received under this cookie, and what was given up under others, is dropped. What was imported stays. */
  async begin({ login, user }: ExchangePrincipal, type: ExchangeType): Promise<void> {
    const em = this.#parts.database.em()
    const open = await em.find(ExchangeCycleEntity, { userId: user.id, type, closed: false }, { disableIdentityMap: true })
    for (const cycle of open) {
      const own = cycle.loginId === login.id
      if (!own && Date.now() - cycle.seenAt < givenUpMs) continue
      await this.giveUp(cycle, '1C began the exchange anew: what it had sent by then is dropped.')
    }
  }

  /** Ends a cycle whose import did not begin, and drops what was received of it. */
  async giveUp({ importId }: ExchangeCycle, message: string): Promise<void> {
    const { database, events, storage } = this.#parts
    await events.write({
      importId,
      expect: { statuses: ['queued'], attempt: 0 },
      patch: { status: 'cancelled', activeKey: null, waitingSince: null, hold: null, endedAt: Date.now(), error: { code: 'cancelled', message } },
      drafts: [{ type: 'status', status: 'cancelled', level: 'warning', message }],
      within: closeOpen(importId),
    })
    const em = database.em()
    // Somebody may have cancelled it before.
    await em.nativeUpdate(ExchangeCycleEntity, { importId }, { closed: true })
    const pieces = await em.find(ExchangePieceEntity, { importId }, { fields: ['key'], disableIdentityMap: true })
    await em.nativeDelete(ExchangePieceEntity, { importId })
    for (const { key } of pieces) await storage.remove(key)
  }

  async #newest(principal: ExchangePrincipal, type: ExchangeType, where: object): Promise<ExchangeCycle | null> {
    const { login, user } = principal
    const em = this.#parts.database.em()
    const newest = { orderBy: { createdAt: 'desc' }, disableIdentityMap: true } as const
    const own = await em.findOne(ExchangeCycleEntity, { loginId: login.id, type }, newest)
    if (own) return await em.findOne(ExchangeCycleEntity, { importId: own.importId, ...where }, { disableIdentityMap: true })
    // The cookie was lost in the middle: the new one goes on with what the user's newest began, until it says `init`.
    if (login.begun) return null
    const lost = await em.findOne(ExchangeCycleEntity, { userId: user.id, type, ...where }, newest)
    if (!lost) return null
    await em.nativeUpdate(ExchangeCycleEntity, { importId: lost.importId }, { loginId: login.id })
    return { ...lost, loginId: login.id }
  }

  async #open(principal: ExchangePrincipal, type: ExchangeType, caller: Caller): Promise<ExchangeCycle> {
    const { database, events, guard } = this.#parts
    const { login } = principal
    const { cycle, fresh } = await database.em().transactional(async (em) => {
      // Two first files at once: the second finds what the first has opened.
      await em.findOne(ExchangeLoginEntity, { id: login.id }, { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true })
      const there = await em.findOne(ExchangeCycleEntity, { loginId: login.id, type, closed: false }, { disableIdentityMap: true })
      if (there) return { cycle: there, fresh: false }
      const row = await sessionRow(em, principal, caller, guard)
      const opened = cycleOf(row, principal, type)
      await em.insert(ImportSessionEntity, row)
      await em.insert(ExchangeCycleEntity, opened)
      return { cycle: opened, fresh: true }
    })
    const message = `${caller.agent || '1C'} (${caller.address}) begins to send files.`
    if (fresh) await events.write({ importId: cycle.importId, patch: {}, drafts: [{ type: 'status', status: 'queued', message }] })
    return cycle
  }
}

/** An import session that waits for its files. What it runs is not known yet, so it is the same as no other. */
async function sessionRow(em: EntityManager, { user }: ExchangePrincipal, { requestId }: Caller, limits: Guarded['guard']): Promise<ImportSession> {
  const { targetId, types, source } = await readExchangeSettings(em, user.id)
  const options = commerceOptions.parse({ types, source, limits })
  const who = { id: user.id, loginId: null }
  const draft = draftOf({ kind: 'commerce', targetId, options, files: [], user: who, requestId, idempotencyKey: undefined, receivedAt: Date.now() })
  const title = `1C exchange · ${user.name}`
  return {
    ...draft,
    title,
    searchText: title.toLowerCase(),
    dedupeKey: draft.id,
    activeKey: null,
    waitingSince: null,
    hold: { reason: 'receiving', message: 'Files arrive from 1C.' },
    progress: { ...draft.progress, percent: null, unit: 'bytes' },
  }
}

function cycleOf({ id, userId, createdAt }: ImportSession, { login }: ExchangePrincipal, type: ExchangeType): ExchangeCycle {
  return { importId: id, userId, loginId: login.id, type, pieces: 0, bytes: 0, closed: false, resultId: null, createdAt, seenAt: createdAt }
}

/** Closes a cycle within the transaction that decides what becomes of it. Throws `wrong_state` when another one has. */
export function closeOpen(importId: string, resultId: string | null = null): (em: EntityManager) => Promise<void> {
  return async (em) => {
    const closed = await em.nativeUpdate(ExchangeCycleEntity, { importId, closed: false }, { closed: true, resultId })
    if (closed === 0) throw new AppError('wrong_state', 'The import of these files has begun already.')
  }
}
