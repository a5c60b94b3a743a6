import type { Database } from '../database/database.ts'
import { RejectedRecordEntity } from '../database/entities.ts'
import type { ImportView, RejectedRecord } from '../../shared/protocol/views.ts'
import { rejectedDeliveries } from './deliveries/read-deliveries.ts'

const page = 500

/** What did not go in, a page at a time, however much there is: records in the order of file and record, or deliveries in that of accounts. */
export async function* readRejected(database: Database, view: Pick<ImportView, 'id' | 'kind' | 'files'>): AsyncGenerator<RejectedRecord> {
  if (view.kind === 'bulk') yield* rejectedDeliveries(database, view.id, view.files)
  else yield* rejectedRecords(database, view.id)
}

async function* rejectedRecords(database: Database, importId: string): AsyncGenerator<RejectedRecord> {
  for (let offset = 0; ; offset += page) {
    const rows = await database
      .em()
      .find(RejectedRecordEntity, { importId }, { orderBy: [{ file: 'asc' }, { record: 'asc' }], limit: page, offset, disableIdentityMap: true })
    for (const row of rows) yield row.body
    if (rows.length < page) return
  }
}

const columns = ['file', 'record', 'byte', 'line', 'model', 'key', 'code', 'reason', 'content'] as const

export const rejectedCsvHeader = `${columns.join(',')}\r\n`

/** A CSV line. Cells that a spreadsheet would take for a formula are made text (OWASP ASVS 1.2.10). */
export function rejectedCsvLine(record: RejectedRecord): string {
  return `${columns.map((column) => csvCell(record[column])).join(',')}\r\n`
}

function csvCell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value)
  const safe = /^[=+\-@\t\r\0]/.test(text) && typeof value === 'string' ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
