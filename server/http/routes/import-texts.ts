import { Readable } from 'node:stream'
import type { Database } from '../../database/database.ts'
import type { EventSignals } from '../../realtime/event-signals.ts'
import { readEvents, readStatus } from '../../realtime/event-rows.ts'
import { logLine } from '../../sessions/log-text.ts'
import { readRejected, rejectedCsvHeader, rejectedCsvLine } from '../../sessions/rejected-records.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import { isFinal } from '../../../shared/session-status.ts'

type LogParts = { database: Database; signals: EventSignals }

/** The log as text. With `follow` it goes on while the run does, and ends with it. */
export function logText(parts: LogParts, importId: string, follow: boolean): Readable {
  const gone = new AbortController()
  const stream = Readable.from(logPieces(parts, importId, follow, gone.signal))
  stream.on('close', () => gone.abort())
  return stream
}

async function* logPieces({ database, signals }: LogParts, importId: string, follow: boolean, gone: AbortSignal): AsyncGenerator<string> {
  let after = 0
  for (;;) {
    const status = await readStatus(database.em(), importId)
    const ended = status === undefined || isFinal(status)
    const page = await readEvents(database.em(), importId, { after, limit: 1000 })
    after = page.events.at(-1)?.seq ?? after
    if (page.events.length > 0) yield page.events.map(logLine).join('')
    if (page.more) continue
    if (!follow || ended || gone.aborted) return
    await signals.next(importId, gone)
  }
}

/** The rejected records as NDJSON, or as CSV. */
export function rejectedText(database: Database, view: ImportView, csv: boolean): Readable {
  return Readable.from(rejectedPieces(database, view, csv))
}

async function* rejectedPieces(database: Database, view: ImportView, csv: boolean): AsyncGenerator<string> {
  if (csv) yield rejectedCsvHeader
  for await (const record of readRejected(database, view)) {
    yield csv ? rejectedCsvLine(record) : `${JSON.stringify(record)}\n`
  }
}
