import { createHash } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import { readExchangeSettings } from '../../auth/exchange-settings.ts'
import { ImportSessionEntity } from '../../database/entities.ts'
import type { ImportSession } from '../../database/entities.ts'
import type { EventSignals } from '../../realtime/event-signals.ts'
import { sweepOptions } from '../../../shared/schemas/commerce-options.ts'
import type { CommerceOptions } from '../../../shared/schemas/commerce-options.ts'
import { isFinal } from '../../../shared/session-status.ts'
import { draftOf } from '../import-draft.ts'
import type { ImportReader } from '../import-reader.ts'
import type { Caller, CycleParts } from './exchange-cycles.ts'
import { exchangedRuns } from './exchanged-runs.ts'
import { verdictOf } from './import-verdict.ts'
import type { Verdict } from './import-verdict.ts'
import { bundleName } from './put-together.ts'

type Parts = Pick<CycleParts, 'database' | 'events'> & {
  reader: ImportReader
  signals: EventSignals
  enqueue: (importId: string, attempt: number) => Promise<void>
  /** What the guard lets pass, in percent. */
  guard: CommerceOptions['limits']
}

/** 1C asks to switch off what it did not bring; `timestamp` is what it was told at `checkauth`. */
export type SweepWish = { principal: ExchangePrincipal; timestamp: string; caller: Pick<Caller, 'requestId'> }

/**
 * Answers `deactivate`, where the user's settings wish it: an import session of its own reads the files of the exchange again, so that what was seen is known
 * however little of it had to be written. One exchange has one such session, whoever asks how often.
 */
export class ExchangeSweeps {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `until` aborts when 1C is to be answered, whatever the state. */
  async of(wish: SweepWish, until: AbortSignal): Promise<Verdict> {
    const { principal, timestamp } = wish
    const em = this.#parts.database.em()
    const { deactivate, types } = await readExchangeSettings(em, principal.user.id)
    if (!deactivate) return nothingDone('the exchange settings of this user do not wish it.')
    if (!types.includes('catalog')) return nothingDone('this user does not bring the catalog.')
    const exchanged = await exchangedRuns(em, principal, timestamp)
    if (exchanged.problem !== null) return { word: 'failure', text: `${exchanged.problem} Nothing was switched off.` }
    return await this.#ended(await this.#start(exchanged.runs, wish), until)
  }

  /** The import session that switches off what these runs did not bring: the one that is there, or a new one. */
  async #start(runs: ImportSession[], wish: SweepWish): Promise<string> {
    const { database, events, enqueue } = this.#parts
    const draft = this.#draft(runs, wish)
    const known = async () =>
      await database
        .em()
        .findOne(
          ImportSessionEntity,
          { $or: [{ idempotencyKey: draft.idempotencyKey }, { activeKey: draft.dedupeKey }] },
          { fields: ['id'], disableIdentityMap: true },
        )
    const there = await known()
    if (there) return there.id
    try {
      await database.em().insert(ImportSessionEntity, draft)
    } catch (thrown) {
      const other = thrown instanceof UniqueConstraintViolationException ? await known() : null
      if (!other) throw thrown
      return other.id
    }
    const message = '1C asks to switch off what the exchange did not bring (deactivate).'
    await events.write({ importId: draft.id, expect: { statuses: ['queued'] }, drafts: [{ type: 'status', status: 'queued', message }] })
    await enqueue(draft.id, draft.attempt)
    return draft.id
  }

  #draft(runs: ImportSession[], { principal: { user }, caller }: SweepWish): ImportSession {
    const last = runs.at(-1)
    const ids = runs.map(({ id }) => id)
    const draft = draftOf({
      kind: 'commerce',
      targetId: last?.targetId ?? null,
      options: sweepOptions.parse({ types: ['catalog'], source: last?.options['source'], limits: this.#parts.guard, sweep: ids }),
      files: runs.flatMap(({ files }) => files.filter(({ name }) => name !== bundleName)),
      user: { id: user.id, loginId: null },
      requestId: caller.requestId,
      idempotencyKey: `deactivate ${createHash('sha256').update(ids.join()).digest('base64url')}`,
      receivedAt: Date.now(),
    })
    const title = `1C exchange · ${user.name} · deactivate`
    return { ...draft, title, searchText: `${title}\n${draft.searchText}`.toLowerCase() }
  }

  async #ended(importId: string, until: AbortSignal): Promise<Verdict> {
    const { reader, signals } = this.#parts
    for (;;) {
      const view = await reader.get(importId)
      if (!isFinal(view.status) && !until.aborted) {
        await signals.next(importId, until)
        continue
      }
      if (view.status !== 'succeeded') return verdictOf(view)
      const count = view.ledger.succeeded.toLocaleString('en-US')
      const none = `Nothing was switched off; why stands in import session ${importId}.`
      return {
        word: 'success',
        text: count === '0' ? none : `Marked as deleted, because the exchange did not bring them, products and offers: ${count}.`,
      }
    }
  }
}

/** 1C did nothing wrong, and goes on. The logs of its runs have ended and stay as they are. */
function nothingDone(reason: string): Verdict {
  return { word: 'success', text: `Nothing was switched off: ${reason}` }
}
