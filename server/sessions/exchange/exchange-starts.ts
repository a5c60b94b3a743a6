import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { ExchangeCycleEntity, ExchangePieceEntity, ImportSessionEntity } from '../../database/entities.ts'
import type { ExchangeCycle, ImportSession, StoredFile } from '../../database/entities.ts'
import type { EntityManager } from '../../database/database.ts'
import { AppError } from '../../errors.ts'
import type { Leases } from '../../locks/leases.ts'
import type { EventDraft } from '../../realtime/event-log.ts'
import { dedupeKeyOf, searchTextOf } from '../import-draft.ts'
import { closeOpen } from './exchange-cycles.ts'
import type { CycleParts } from './exchange-cycles.ts'
import { bundleName, putTogether } from './put-together.ts'
import type { PutParts } from './put-together.ts'

export type StartsParts = CycleParts &
  PutParts & {
    leases: Leases
    /** This process, as it signs its leases. */
    worker: string
    enqueue: (importId: string, attempt: number) => Promise<void>
  }

type Beginning = { done: Promise<void>; bytes: number }

const leaseMs = 30_000
/** What the files themselves are to blame for ends the run; anything else may pass. */
const ofTheFiles: readonly string[] = ['file_limit', 'file_unsupported', 'file_damaged', 'upload_gone']

/** The first `import` makes a run of what was received. Asked again, here or in another process, it is the same run. */
export class ExchangeStarts {
  readonly #parts: StartsParts
  readonly #beginning = new Map<string, Beginning>()

  constructor(parts: StartsParts) {
    this.#parts = parts
  }

  /** Resolves when the run has begun or ended, or another process sees to it. Throws what may pass: then the next call tries again. */
  async begin({ importId }: ExchangeCycle): Promise<void> {
    const joined = this.#beginning.get(importId)
    if (joined) return await joined.done
    const beginning: Beginning = { bytes: 0, done: Promise.resolve() }
    this.#beginning.set(importId, beginning)
    beginning.done = this.#underLease(importId, (bytes) => (beginning.bytes += bytes)).finally(() => this.#beginning.delete(importId))
    await beginning.done
  }

  /** How many bytes were put together so far. */
  bytes(importId: string): number {
    return this.#beginning.get(importId)?.bytes ?? 0
  }

  async #underLease(importId: string, moved: (bytes: number) => void): Promise<void> {
    const { leases, worker } = this.#parts
    const lease = await leases.acquire(`exchange:${importId}`, worker, leaseMs)
    if (!lease) return
    const renewal = setInterval(() => void lease.renew().catch(() => undefined), leaseMs / 3)
    try {
      // Whoever asked at the same time may have begun it and be gone: then there is nothing left to put together.
      if (await this.#isClosed(importId)) return
      await this.#start(importId, await putTogether(this.#parts, importId, moved))
    } catch (thrown) {
      if (!(thrown instanceof AppError) || !ofTheFiles.includes(thrown.code)) throw thrown
      await this.#fail(importId, thrown)
    } finally {
      clearInterval(renewal)
      await lease.release()
    }
  }

  async #isClosed(importId: string): Promise<boolean> {
    const cycle = await this.#parts.database.em().findOne(ExchangeCycleEntity, { importId }, { disableIdentityMap: true })
    return cycle?.closed !== false
  }

  async #start(importId: string, files: StoredFile[]): Promise<void> {
    const { database, events, enqueue } = this.#parts
    const row = await database.em().findOneOrFail(ImportSessionEntity, { id: importId }, { disableIdentityMap: true })
    const dedupeKey = dedupeKeyOf({ kind: row.kind, targetId: row.targetId ?? null, options: row.options, files })
    try {
      const started = await events.write({
        importId,
        expect: { attempt: 0, statuses: ['queued'] },
        patch: { ...startOf(row, files), dedupeKey, activeKey: dedupeKey },
        drafts: linesOf(files),
        within: this.#close(importId),
      })
      if (started) await enqueue(importId, 0)
    } catch (thrown) {
      if (!(thrown instanceof UniqueConstraintViolationException)) throw thrown
      await this.#join(importId, dedupeKey, files)
    }
  }

  /** The same files are on their way into the same database: two exchanges at once are one import. */
  async #join(importId: string, dedupeKey: string, files: StoredFile[]): Promise<void> {
    const { database, events, storage } = this.#parts
    const other = await database.em().findOne(ImportSessionEntity, { activeKey: dedupeKey }, { fields: ['id'] })
    if (!other) return await this.#start(importId, files)
    const message = `The same files are being imported already, as ${other.id}: this exchange waits for that run.`
    await events.write({
      importId,
      expect: { attempt: 0, statuses: ['queued'] },
      patch: { status: 'cancelled', hold: null, endedAt: Date.now(), error: { code: 'cancelled', message } },
      drafts: [{ type: 'status', status: 'cancelled', message, data: { joined: other.id } }],
      within: this.#close(importId, other.id),
    })
    for (const { key } of files) await storage.remove(key)
  }

  async #fail(importId: string, { code, message }: AppError): Promise<void> {
    await this.#parts.events.write({
      importId,
      expect: { attempt: 0, statuses: ['queued'] },
      patch: { status: 'failed', hold: null, endedAt: Date.now(), error: { code, message } },
      drafts: [{ type: 'status', status: 'failed', level: 'error', message }],
      within: this.#close(importId),
    })
  }

  #close(importId: string, resultId: string | null = null): (em: EntityManager) => Promise<void> {
    return async (em) => {
      await closeOpen(importId, resultId)(em)
      await em.nativeDelete(ExchangePieceEntity, { importId })
    }
  }
}

function startOf(row: ImportSession, files: StoredFile[]): Partial<ImportSession> {
  return {
    files,
    hold: null,
    waitingSince: Date.now(),
    searchText: searchTextOf(row.title, files),
    progress: { percent: 0, done: 0, total: null, unit: 'records', rate: null, etaMs: null },
  }
}

function linesOf(files: StoredFile[]): EventDraft[] {
  const lines = files.map(({ name, size }): EventDraft => {
    const message = name === bundleName ? `Pictures and other files, ${bytesText(size)}, are kept as ${name}.` : `${name}: ${bytesText(size)}.`
    return { type: 'log', level: 'info', message }
  })
  return [...lines, { type: 'status', status: 'queued', message: 'Everything has arrived. The import begins.' }]
}

export function bytesText(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes.toLocaleString('en-US')} bytes`
}
