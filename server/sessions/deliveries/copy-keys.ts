import type { Database } from '../../database/database.ts'
import { deliveryTables } from './delivery-table.ts'

const page = 1000

/** Keys of the copies that a run still holds: it was cut short, or their verification failed. */
export async function* copiesOf(database: Database, importId: string): AsyncGenerator<string> {
  yield* keysOf(database, importId)
}

/** Keys of all files that deliveries still read from; those of ended ones are let go by their rows. */
export async function* keptInputs(database: Database): AsyncGenerator<string> {
  yield* keysOf(database, null)
}

async function* keysOf(database: Database, importId: string | null): AsyncGenerator<string> {
  for (let after = ''; ;) {
    let query = deliveryTables(database.em()).selectFrom('bulk_delivery').where('input_key', '>', after).where('path', 'is not', null)
    if (importId !== null) query = query.where('import_id', '=', importId)
    const rows = await query.orderBy('input_key').limit(page).select('input_key').execute()
    for (const { input_key: key } of rows) if (key !== null) yield key
    const last = rows.at(-1)?.input_key
    if (typeof last !== 'string' || rows.length < page) return
    after = last
  }
}
