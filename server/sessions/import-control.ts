import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { Database } from '../database/database.ts'
import { ImportSessionEntity, RejectedRecordEntity } from '../database/entities.ts'
import type { ImportSession } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { EventLog } from '../realtime/event-log.ts'
import type { Storage } from '../storage/storage.ts'
import { canCancel, canRetry, isFinal } from '../../shared/session-status.ts'
import { againDeliveries, hasUndone } from './deliveries/again-deliveries.ts'

export type ControlParts = {
  database: Database
  events: EventLog
  /** Asks a run that works in this process to stop; false when it does not work here. */
  stopHere: (importId: string, message: string) => boolean
  /** Whether somebody is believed to work on it, here or in another process. */
  isHeld: (importId: string) => Promise<boolean>
  storage: Storage
  enqueue: (importId: string, attempt: number) => Promise<void>
  /** Ends a run that was asked to stop while nobody worked on it. */
  endCancelled: (importId: string) => Promise<void>
}

/** What people do to a run that is there: cancel it, or try it again. */
export class ImportControl {
  readonly #parts: ControlParts

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /** Asks the run to stop: at once when nothing works on it, else between two batches. Throws `wrong_state` when it has ended or is being cancelled. */
  async cancel(importId: string, by: string): Promise<void> {
    const message = `Cancelled by ${by}.`
    if (await this.#cancelWaiting(importId, message)) return
    const asked = await this.#parts.events.write({
      importId,
      expect: { statuses: ['running', 'resuming'] },
      patch: { status: 'cancelling' },
      drafts: [{ type: 'status', status: 'cancelling', level: 'warning', message }],
    })
    if (!asked) throw await this.#wrongState(importId, canCancel, 'cancelled')
    if (this.#parts.stopHere(importId, message)) return
    // A worker of another process sees it in the row within a second.
    if (!(await this.#parts.isHeld(importId))) await this.#parts.endCancelled(importId)
  }

  /** A person has looked at what the run asked: it goes on. Throws `wrong_state` when it asks nothing. */
  async confirm(importId: string, by: string): Promise<void> {
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, { id: importId })
    if (!row) throw new AppError('not_found', 'There is no such import session.')
    const confirmed =
      row.hold?.reason === 'confirm' &&
      (await this.#parts.events.write({
        importId,
        expect: { attempt: row.attempt, statuses: ['queued'] },
        patch: { hold: null, waitingSince: Date.now(), options: { ...row.options, confirmed: true } },
        drafts: [{ type: 'status', status: 'queued', message: `${by} looked at it and lets it go on.` }],
      }))
    if (!confirmed) throw new AppError('wrong_state', 'This run does not wait for anybody’s word.', { details: { status: row.status } })
    await this.#parts.enqueue(importId, row.attempt)
  }

  /**
   * Another attempt of a run that ended: of all its records, or of the rejected ones alone. Throws `wrong_state` when it has not ended or went well,
   * `upload_gone` when its files are no longer kept, `conflict` when the same import runs already.
   */
  async retry(importId: string, only: 'failed' | 'all', by: string): Promise<void> {
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, { id: importId })
    if (!row) throw new AppError('not_found', 'There is no such import session.')
    if (!canRetry(row.status)) throw await this.#wrongState(importId, canRetry, 'tried again')
    if (row.files.length === 0) throw new AppError('wrong_state', 'Its files never arrived whole, so there is nothing to try again. Send them anew.')
    for (const file of row.files) await this.#parts.storage.size(file.key)
    if (only === 'failed') await this.#refuseWithoutRejected(row)
    const what = row.kind === 'bulk' ? 'failed deliveries' : 'rejected records'
    const deliveries = row.kind === 'bulk' ? await againDeliveries(this.#parts.database, importId, only) : null
    try {
      const queued = await this.#parts.events.write({
        importId,
        expect: { attempt: row.attempt, statuses: [row.status] },
        patch: {
          status: 'queued',
          retryOnly: only,
          retryBase: row.attempt,
          activeKey: row.dedupeKey,
          waitingSince: Date.now(),
          endedAt: null,
          error: null,
          deaths: 0,
          ...(deliveries?.figures ?? {
            progress: { ...row.progress, percent: 0, done: 0 },
            ledger: { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null },
          }),
        },
        drafts: [
          { type: 'status', status: 'queued', message: only === 'failed' ? `${by} tries the ${what} again.` : `${by} tries it again.` },
          ...(deliveries?.drafts ?? []),
        ],
        ...(deliveries && { within: deliveries.within }),
      })
      if (!queued) throw await this.#wrongState(importId, canRetry, 'tried again')
    } catch (thrown) {
      if (thrown instanceof UniqueConstraintViolationException) throw new AppError('conflict', 'The same import is running already.')
      throw thrown
    }
    await this.#parts.enqueue(importId, row.attempt)
  }

  async #cancelWaiting(importId: string, message: string): Promise<boolean> {
    const done = await this.#parts.events.write({
      importId,
      expect: { statuses: ['queued'] },
      patch: { status: 'cancelled', activeKey: null, waitingSince: null, hold: null, endedAt: Date.now(), error: { code: 'cancelled', message } },
      drafts: [{ type: 'status', status: 'cancelled', level: 'warning', message }],
    })
    return done !== null
  }

  async #refuseWithoutRejected(row: ImportSession): Promise<void> {
    if (row.kind === 'bulk') {
      if (await hasUndone(this.#parts.database, row.id)) return
      throw new AppError('wrong_state', 'No delivery of this run has failed. Try the whole run again.')
    }
    const rejected = await this.#parts.database.em().count(RejectedRecordEntity, { importId: row.id })
    if (rejected === 0 || row.options['mode'] !== 'keep_going') {
      throw new AppError('wrong_state', 'There are no rejected records that could be tried alone. Try the whole import again.')
    }
  }

  async #wrongState(importId: string, allowed: (status: ImportSession['status']) => boolean, what: string): Promise<AppError> {
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, { id: importId }, { fields: ['status'] })
    if (!row) return new AppError('not_found', 'There is no such import session.')
    const now = isFinal(row.status) ? `it has ended (${row.status})` : `it is ${row.status}`
    return new AppError('wrong_state', `This run can't be ${what}: ${now}.`, { details: { status: row.status }, retryable: allowed(row.status) })
  }
}
