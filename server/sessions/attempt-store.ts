import type { StorageAddress } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { databaseNow } from '../database/database-clock.ts'
import { ImportEventEntity, ImportSessionEntity, RejectedRecordEntity } from '../database/entities.ts'
import type { ImportSession, RunError } from '../database/entities.ts'
import { storableJson, storableText } from '../database/storable.ts'
import { AppError } from '../errors.ts'
import type { DeliveryQuestion } from '../jobs/delivery-book.ts'
import type { LiveRuns } from '../jobs/live-runs.ts'
import type { AttemptInput, AttemptStore } from '../jobs/run-attempt.ts'
import type { Question } from '../jobs/importer.ts'
import type { FromThread, ThreadInput, ThreadOutcome } from '../jobs/thread-protocol.ts'
import type { EventDraft, EventLog } from '../realtime/event-log.ts'
import type { Publisher } from '../realtime/publisher.ts'
import type { TargetAddress } from '../targets/target.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import type { DeliveryDesks } from './deliveries/delivery-desks.ts'
import { keepRejected } from './keep-rejected.ts'
import type { LeftCheckpoints } from './left-checkpoints.ts'
import { refuseOccupied } from './occupied-target.ts'
import { settle } from './settle-ledger.ts'
import { newestVersion } from './version.ts'

export type StoreParts = {
  database: Database
  events: EventLog
  publisher: Publisher
  live: LiveRuns
  storageAddress: StorageAddress
  /** By kind: the URL of the module that exports `importer`. */
  importers: Partial<Record<ImportSession['kind'], { module: string }>>
  addressOf(targetId: string): Promise<TargetAddress>
  /** All targets that lead to the database of this one, itself among them, always in the same order. */
  sharing(targetId: string): Promise<string[]>
  checkpoints: LeftCheckpoints
  desks: DeliveryDesks
}

type Batch = Extract<FromThread, { type: 'batch' }>
type Finished = Exclude<ThreadOutcome, { status: 'interrupted' | 'held' }>

/** Progress is kept in the database at most once a second; people who watch get it ten times. */
const progressEveryMs = 1000
/** What a row says when nobody works on it. */
const nobody = { worker: null, leasedUntil: null, stalled: false, waitingSince: null }
/** A run whose attempts killed their worker so many times is not tried again. */
const poisonAfter = 3
/** From so many on, it is tried where no other run can be to blame, or be taken for it. */
const suspectAfter = 2

/** The rows behind attempts. Every change goes through the event log and is fenced by the attempt's number. */
export class SqlAttemptStore implements AttemptStore {
  readonly #parts: StoreParts
  readonly #progressAt = new Map<string, number>()

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  async lockFor(importId: string): Promise<{ key: string; suspect: boolean } | 'not_mine' | null> {
    const row = await this.#row(importId, ['id', 'targetId', 'status', 'kind', 'version', 'deaths', 'hold'])
    if (!row || (row.status !== 'queued' && row.status !== 'resuming')) return null
    if (row.hold) return null
    if (row.version > newestVersion || !this.#parts.importers[row.kind]) return 'not_mine'
    const [target] = row.targetId ? await this.#parts.sharing(row.targetId) : []
    return { key: target ? `target:${target}` : `import:${row.id}`, suspect: row.deaths >= suspectAfter }
  }

  async claim(importId: string, worker: string, leaseMs: number): Promise<AttemptInput | 'busy' | null> {
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, { id: importId })
    const importerModule = row && this.#parts.importers[row.kind]?.module
    if (!row || !importerModule) return null
    const attempt = row.attempt + 1
    const prepared = await this.#prepare(row)
    if (!prepared) return null
    const moved = await this.#begin(row, attempt, { worker, leaseMs })
    if (moved === 'busy' || !moved) return moved
    const bulk = await this.#parts.desks.open(row, attempt)
    this.#parts.live.begin(importId, attempt, row.progress, row.ledger)
    return { importerModule, importId, attempt, options: row.options, storage: this.#parts.storageAddress, files: row.files, bulk, ...prepared }
  }

  async answer(importId: string, attempt: number, question: DeliveryQuestion): Promise<unknown> {
    return await this.#parts.desks.answer(importId, attempt, question)
  }

  left(importId: string, attempt: number): void {
    this.#parts.desks.close(importId, attempt)
  }

  async #begin(row: ImportSession, attempt: number, lease: { worker: string; leaseMs: number }): Promise<true | 'busy' | null> {
    const { database, events } = this.#parts
    const first = attempt === 1 || row.retryBase === row.attempt
    const targets = row.targetId ? await this.#parts.sharing(row.targetId) : []
    try {
      const moved = await events.write({
        importId: row.id,
        expect: { attempt: row.attempt, statuses: ['queued', 'resuming'] },
        patch: {
          status: 'running',
          attempt,
          markerPending: true,
          worker: lease.worker,
          waitingSince: null,
          ...(row.startedAt === null && { startedAt: Date.now() }),
        },
        drafts: [{ type: 'status', status: 'running', data: { attempt }, ...(!first && { message: 'The run goes on from where it was.' }) }],
        within: async (em) => {
          if (targets.length > 0) await refuseOccupied(em, targets, row.id)
          await em.nativeUpdate(ImportSessionEntity, { id: row.id }, { leasedUntil: databaseNow(database.dialect, lease.leaseMs) })
        },
      })
      return moved && true
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'target_locked') return 'busy'
      throw thrown
    }
  }

  async keepBatch(importId: string, attempt: number, batch: Batch): Promise<void> {
    const stored = await this.#parts.events.write({
      importId,
      expect: { attempt, statuses: ['running', 'cancelling'] },
      drafts: batch.lines.map((line): EventDraft => ({ type: 'log', ...line })),
      within: async (em) => await keepRejected(em, importId, attempt, batch.rejected),
    })
    if (!stored) throw new AppError('fenced', 'A newer attempt of this run is at work.')
  }

  showProgress(importId: string, attempt: number, { progress, ledger }: Extract<FromThread, { type: 'progress' }>): void {
    const now = Date.now()
    this.#parts.publisher.progress({ importId, status: this.#parts.live.get(importId)?.status ?? 'running', progress, ledger })
    if (now - (this.#progressAt.get(importId) ?? 0) < progressEveryMs) return
    this.#progressAt.set(importId, now)
    void this.#parts.database
      .em()
      .nativeUpdate(ImportSessionEntity, { id: importId, attempt, endedAt: null }, { progress: storableJson(progress), ledger })
      .catch(() => undefined)
  }

  async finish(importId: string, attempt: number, outcome: Finished): Promise<void> {
    this.#progressAt.delete(importId)
    const row = await this.#parts.database.em().findOneOrFail(ImportSessionEntity, { id: importId })
    const status: SessionStatus = outcome.status
    const { ledger, progress } = settle(row, outcome, this.#parts.live.get(importId))
    const error = await this.#errorOf(importId, outcome)
    const details = 'error' in outcome ? outcome.error.details : undefined
    const stored = await this.#parts.events.write({
      importId,
      expect: { attempt, statuses: ['running', 'cancelling'] },
      patch: {
        status,
        ledger,
        progress,
        error,
        activeKey: null,
        endedAt: Date.now(),
        retryOnly: null,
        deaths: 0,
        hold: null,
        ...nobody,
        ...(error && { searchText: `${row.searchText}\n${error.message.toLowerCase()}` }),
      },
      drafts: [{ type: 'status', status, level: levelOf(status), ...(error && { message: error.message }), ...(details && { data: { details } }) }],
      within: async (em) => void (row.retryBase > 0 && (await em.nativeDelete(RejectedRecordEntity, { importId, attempt: { $lte: row.retryBase } }))),
    })
    if (!stored) throw new AppError('fenced', 'A newer attempt of this run is at work.')
  }

  async resume(importId: string, attempt: number, reason: 'interrupted' | 'worker_lost', message: string): Promise<boolean> {
    const row = await this.#row(importId, ['id', 'status', 'deaths', 'ledger'])
    if (!row) return false
    if (row.status === 'cancelling') {
      await this.endCancelled(importId)
      return false
    }
    const deaths = reason === 'worker_lost' ? row.deaths + 1 : row.deaths
    if (deaths >= poisonAfter) {
      const text = `The worker was lost ${deaths} times in a row on this run, the last time with: ${message}`
      await this.finish(importId, attempt, { status: 'failed', ledger: row.ledger, error: { code: 'poison', message: text } })
      await this.forget(importId)
      return false
    }
    const text = reason === 'worker_lost' ? `Worker lost, resuming. ${message}` : message
    const moved = await this.#parts.events.write({
      importId,
      expect: { attempt, statuses: ['running'] },
      patch: { status: 'resuming', deaths, ...nobody, waitingSince: Date.now() },
      drafts: [{ type: 'status', status: 'resuming', level: 'warning', message: text, data: { reason } }],
    })
    return moved !== null
  }

  async hold(importId: string, attempt: number, { message, figures }: Question): Promise<void> {
    const stored = await this.#parts.events.write({
      importId,
      expect: { attempt, statuses: ['running'] },
      patch: { ...nobody, status: 'queued', deaths: 0, hold: { reason: 'confirm', message, figures } },
      drafts: [{ type: 'status', status: 'queued', level: 'warning', message, data: { figures } }],
    })
    if (!stored) await this.endCancelled(importId)
  }

  async endCancelled(importId: string): Promise<void> {
    const row = await this.#row(importId, ['id', 'status', 'attempt', 'ledger'])
    if (row?.status !== 'cancelling') return
    const error = { code: 'cancelled', message: 'The run was cancelled.' } as const
    await this.finish(importId, row.attempt, { status: 'cancelled', ledger: row.ledger, error })
    await this.forget(importId)
  }

  /** A cancelled run tells who cancelled it, whichever process heard of it. */
  async #errorOf(importId: string, outcome: Finished): Promise<RunError | null> {
    if (!('error' in outcome)) return null
    const { code, message } = outcome.error
    if (outcome.status !== 'cancelled') return { code, message: storableText(message) }
    const newest = { fields: ['message'], orderBy: { seq: 'desc' } } as const
    const asked = await this.#parts.database.em().findOne(ImportEventEntity, { importId, status: 'cancelling' }, newest)
    return { code, message: asked?.message ?? storableText(message) }
  }

  async forgotten(importId: string): Promise<void> {
    await this.#parts.database.em().nativeUpdate(ImportSessionEntity, { id: importId }, { markerPending: false })
  }

  async forget(importId: string): Promise<void> {
    await this.#parts.checkpoints.forget(importId)
  }

  async leftBehind(importId: string): Promise<void> {
    await this.#parts.checkpoints.leftBehind(importId)
  }

  /** What the thread needs besides the row. A run that can't begin ends here, with the reason. */
  async #prepare(row: ImportSession): Promise<Pick<ThreadInput, 'target' | 'only'> | null> {
    try {
      const target = row.targetId ? await this.#parts.addressOf(row.targetId) : null
      return { target, only: row.retryOnly === 'failed' ? await this.#rejectedBefore(row) : null }
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown
      const error = { code: thrown.code, message: thrown.message }
      await this.#parts.events.write({
        importId: row.id,
        expect: { attempt: row.attempt, statuses: ['queued', 'resuming'] },
        patch: { status: 'failed', error, activeKey: null, endedAt: Date.now() },
        drafts: [{ type: 'status', status: 'failed', level: 'error', message: error.message }],
      })
      return null
    }
  }

  async #rejectedBefore(row: ImportSession): Promise<{ file: string; record: number }[]> {
    return await this.#parts.database
      .em()
      .find(
        RejectedRecordEntity,
        { importId: row.id, attempt: { $lte: row.retryBase } },
        { fields: ['file', 'record'], orderBy: [{ file: 'asc' }, { record: 'asc' }], disableIdentityMap: true },
      )
      .then((rows) => rows.map(({ file, record }) => ({ file, record })))
  }

  async #row<F extends keyof ImportSession & string>(importId: string, fields: F[]): Promise<Pick<ImportSession, F> | null> {
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, { id: importId }, { fields: fields as never })
    return row
  }
}

function levelOf(status: SessionStatus): 'info' | 'warning' | 'error' {
  if (status === 'failed') return 'error'
  return status === 'succeeded' ? 'info' : 'warning'
}
