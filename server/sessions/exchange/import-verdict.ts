import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import type { Database } from '../../database/database.ts'
import { ExchangeCycleEntity } from '../../database/entities.ts'
import type { ExchangeCycle } from '../../database/entities.ts'
import type { EventSignals } from '../../realtime/event-signals.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import { isFinal } from '../../../shared/session-status.ts'
import type { ImportReader } from '../import-reader.ts'
import type { ExchangeCycles, ExchangeType } from './exchange-cycles.ts'
import { bytesText } from './exchange-starts.ts'
import type { ExchangeStarts } from './exchange-starts.ts'
import { bundleName } from './put-together.ts'
import { isSameFile } from './received-pieces.ts'
import type { ReceivedPieces } from './received-pieces.ts'

/** How it stands with an import, as 1C understands it: `progress` makes it ask again. */
export type Verdict = { word: 'success' | 'progress' | 'failure'; text: string }

export type VerdictParts = {
  database: Database
  cycles: ExchangeCycles
  starts: ExchangeStarts
  pieces: ReceivedPieces
  reader: ImportReader
  signals: EventSignals
}

/** Answers `import`: begins the run when it has not begun, and waits for its end as long as 1C may be held. */
export class ImportVerdicts {
  readonly #parts: VerdictParts

  constructor(parts: VerdictParts) {
    this.#parts = parts
  }

  /** `until` aborts when 1C is to be answered, whatever the state. Throws what ended the import session before its files were whole. */
  async of(principal: ExchangePrincipal, type: ExchangeType, filename: string, until: AbortSignal): Promise<Verdict> {
    let cycle = await this.#parts.cycles.current(principal, type)
    if (!cycle) return failure('Nothing was received that could be imported. Start the exchange anew.')
    if (!cycle.closed && !(await this.#parts.pieces.holds(cycle.importId, filename)) && !(await this.#reload(cycle)).closed)
      return failure(`${filename} was not received. Start the exchange anew.`)
    while (!cycle.closed) {
      await this.#parts.cycles.refuseEnded(cycle)
      if (!(await this.#begun(cycle, until))) return this.#puttingTogether(cycle)
      cycle = await this.#reload(cycle)
      // Another process sees to it.
      if (!cycle.closed) await this.#parts.signals.next(cycle.importId, until)
      if (!cycle.closed && until.aborted) return this.#puttingTogether(cycle)
    }
    return await this.#ended(cycle.resultId ?? cycle.importId, filename, until)
  }

  /** Whether beginning it came to an end before the time was up. It goes on anyway. */
  async #begun(cycle: ExchangeCycle, until: AbortSignal): Promise<boolean> {
    const late = Promise.withResolvers<false>()
    const stop = () => late.resolve(false)
    if (until.aborted) stop()
    until.addEventListener('abort', stop)
    try {
      const begun = this.#parts.starts.begin(cycle).then(() => true)
      // When the time is up, nobody listens any more; the next call hears of it.
      begun.catch(() => undefined)
      return await Promise.race([begun, late.promise])
    } finally {
      until.removeEventListener('abort', stop)
    }
  }

  #puttingTogether({ importId, bytes }: ExchangeCycle): Verdict {
    return { word: 'progress', text: `The received files are put together: ${bytesText(this.#parts.starts.bytes(importId))} of ${bytesText(bytes)}.` }
  }

  async #reload({ importId }: ExchangeCycle): Promise<ExchangeCycle> {
    return await this.#parts.database.em().findOneOrFail(ExchangeCycleEntity, { importId }, { disableIdentityMap: true })
  }

  async #ended(importId: string, filename: string, until: AbortSignal): Promise<Verdict> {
    for (;;) {
      const view = await this.#parts.reader.get(importId)
      const known = view.files.some(({ name }) => isSameFile(name, filename) || (name !== bundleName && !/\.xml$/i.test(name)))
      if (!known && view.files.length > 0) return failure(`${filename} was not received. Start the exchange anew.`)
      if (isFinal(view.status) || until.aborted) return verdictOf(view)
      await this.#parts.signals.next(importId, until)
    }
  }
}

function failure(text: string): Verdict {
  return { word: 'failure', text }
}

/** How it stands with an import session, in words for 1C. */
export function verdictOf(view: ImportView): Verdict {
  const { status, hold, error, ledger } = view
  const records = (count: number) => (count === 1 ? '1 record' : `${count.toLocaleString('en-US')} records`)
  if (status === 'succeeded') return { word: 'success', text: `Imported: ${records(ledger.succeeded)}.` }
  if (status === 'partly_failed') {
    const text = `Imported: ${records(ledger.succeeded)}. Rejected: ${records(ledger.failed)}; the reasons stand in import session ${view.id}.`
    return { word: 'success', text }
  }
  if (isFinal(status)) return failure(`${error?.message ?? 'The import has ended without success.'} (import session ${view.id})`)
  if (hold) return { word: 'progress', text: `The import waits for a person, who can let it go on or cancel it: ${hold.message}` }
  return { word: 'progress', text: progressText(view) }
}

function progressText({ status, progress: { step, done, total } }: ImportView): string {
  if (status === 'queued') return 'The import waits for its turn.'
  if (status === 'resuming') return 'The import was interrupted and goes on.'
  const count = `${done.toLocaleString('en-US')}${total === null ? '' : ` of ${total.toLocaleString('en-US')}`} records`
  return step ? `${step.name} (step ${step.index} of ${step.count}): ${count}` : count
}
