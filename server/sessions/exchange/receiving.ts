import type { Database } from '../../database/database.ts'
import { ExchangeCycleEntity, ImportSessionEntity } from '../../database/entities.ts'
import type { ExchangeCycle } from '../../database/entities.ts'
import { storableJson } from '../../database/storable.ts'
import type { EventLog } from '../../realtime/event-log.ts'
import type { Publisher } from '../../realtime/publisher.ts'
import type { Progress } from '../../../shared/protocol/views.ts'
import { bytesText } from './exchange-starts.ts'
import type { Added, NewPiece } from './received-pieces.ts'

type Parts = { database: Database; events: EventLog; publisher: Publisher }

const sendEveryMs = 100
const storeEveryMs = 1000
/** A file that grows gets a line each time it has so much more. */
const milestoneBytes = 100 * 2 ** 20
/** Of pictures and the like, one line for so many. */
const picturesPerLine = 1000

const nothing = { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }

/** Lets people see files arrive: figures ten times a second, kept once a second, and a line for each file rather than for each piece. */
export class Receiving {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Counts the bytes of one request as they come. */
  meter(cycle: ExchangeCycle, name: string): (bytes: number) => void {
    const since = performance.now()
    let got = 0
    let sentAt = 0
    let storedAt = Date.now()
    return (bytes) => {
      got += bytes
      const now = Date.now()
      if (now - sentAt < sendEveryMs) return
      sentAt = now
      const progress = progressOf(cycle.bytes + got, name, (got / (performance.now() - since)) * 1000)
      this.#parts.publisher.progress({ importId: cycle.importId, status: 'queued', progress, ledger: nothing })
      if (now - storedAt < storeEveryMs) return
      storedAt = now
      void this.#store(cycle.importId, progress).catch(() => undefined)
    }
  }

  /** A piece was kept: what of that is worth a line, and the figures as they stand. */
  async note(importId: string, { name, size }: NewPiece, added: Added): Promise<void> {
    const progress = progressOf(added.bytes, name, null)
    this.#parts.publisher.progress({ importId, status: 'queued', progress, ledger: nothing })
    await this.#store(importId, progress)
    const message = lineOf({ name, size }, added)
    if (message) await this.#parts.events.write({ importId, expect: { statuses: ['queued'] }, drafts: [{ type: 'log', level: 'info', message }] })
  }

  async #store(importId: string, progress: Progress): Promise<void> {
    const em = this.#parts.database.em()
    await em.nativeUpdate(ExchangeCycleEntity, { importId }, { seenAt: Date.now() })
    // Only while files arrive: the run that begins has figures of its own.
    const receiving = { id: importId, status: 'queued', attempt: 0, waitingSince: null, endedAt: null } as const
    await em.nativeUpdate(ImportSessionEntity, receiving, { progress: storableJson(progress) })
  }
}

function lineOf({ name, size }: Pick<NewPiece, 'name' | 'size'>, { first, kind, fileBytes, piece }: Added): string | null {
  if (kind === 'other' && first)
    return piece % picturesPerLine === 0 || piece < 10 ? `${name} arrives (${(piece + 1).toLocaleString('en-US')}).` : null
  if (first) return `${name} arrives.`
  const passed = Math.floor(fileBytes / milestoneBytes) > Math.floor((fileBytes - size) / milestoneBytes)
  return passed ? `${name}: ${bytesText(fileBytes)} so far.` : null
}

function progressOf(done: number, current: string, rate: number | null): Progress {
  return { percent: null, done, total: null, unit: 'bytes', current, rate: rate === null ? null : Math.round(rate), etaMs: null }
}
