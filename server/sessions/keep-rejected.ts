import type { EntityManager } from '../database/database.ts'
import { RejectedRecordEntity } from '../database/entities.ts'
import { storableJson } from '../database/storable.ts'
import type { RejectedRecord } from '../../shared/protocol/views.ts'

/** The ORM writes values into the statement's text: small slices. */
const rejectedSlice = 50

/** Keeps rejected records in the transaction of `em`; the last word about a record counts. */
export async function keepRejected(em: EntityManager, importId: string, attempt: number, records: RejectedRecord[]): Promise<void> {
  // The last word about a record counts; one statement must not touch a row twice.
  const newest = new Map(records.map((record) => [`${record.record} ${record.file}`, record]))
  const rows = [...newest.values()]
    .map((record) => storableJson(record))
    .map((body) => ({ importId, file: body.file, record: body.record, attempt, body }))
  for (let start = 0; start < rows.length; start += rejectedSlice) {
    await em.upsertMany(RejectedRecordEntity, rows.slice(start, start + rejectedSlice))
  }
}
