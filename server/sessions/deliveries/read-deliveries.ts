import type { Database, EntityManager } from '../../database/database.ts'
import { AppError } from '../../errors.ts'
import type { DeliveriesPage, DeliveryState, RejectedRecord } from '../../../shared/protocol/views.ts'
import type { DeliveriesQuery } from '../../../shared/schemas/requests.ts'
import { deliveryTables, viewOf } from './delivery-table.ts'
import type { DeliveryRow } from './delivery-table.ts'

type BulkAccount = Omit<DeliveriesPage['accounts'][number], 'counts'>

/** The accounts of a run in the order of its start, by the names that they had then. */
export async function accountsOf(em: EntityManager, importId: string): Promise<BulkAccount[]> {
  const columns = ['account_id as id', 'name', 'driver'] as const
  return await deliveryTables(em).selectFrom('bulk_account').where('import_id', '=', importId).orderBy('place').select(columns).execute()
}

/** A page of a run's deliveries. What is stored after `lastSeq` was read is told by events that follow it. */
export async function readDeliveries(database: Database, importId: string, query: DeliveriesQuery): Promise<DeliveriesPage> {
  const em = database.em()
  const head = await deliveryTables(em).selectFrom('import_session').where('id', '=', importId).select('last_seq').executeTakeFirst()
  const counts = await countsOf(em, importId)
  const accounts = await accountsOf(em, importId)
  const rows = await pageOf(em, importId, query)
  const last = rows[query.limit - 1]
  return {
    lastSeq: head?.last_seq ?? 0,
    accounts: accounts.map((account) => ({ ...account, counts: counts.get(account.id) ?? {} })),
    deliveries: rows.slice(0, query.limit).map(viewOf),
    next: last && rows.length > query.limit ? `${last.place}.${last.file}` : null,
  }
}

async function countsOf(em: EntityManager, importId: string): Promise<Map<string, Partial<Record<DeliveryState, number>>>> {
  const rows = await deliveryTables(em)
    .selectFrom('bulk_delivery')
    .where('import_id', '=', importId)
    .groupBy(['account_id', 'state'])
    .select(({ fn }) => ['account_id', 'state', fn.countAll<number | string>().as('rows')])
    .execute()
  const counts = new Map<string, Partial<Record<DeliveryState, number>>>()
  for (const { account_id: account, state, rows: count } of rows) counts.set(account, { ...counts.get(account), [state]: Number(count) })
  return counts
}

async function pageOf(
  em: EntityManager,
  importId: string,
  { after, limit, state, account }: DeliveriesQuery,
): Promise<(DeliveryRow & { place: number })[]> {
  const [place = -1, file = -1] = after === undefined ? [] : cursorOf(after)
  let query = deliveryTables(em)
    .selectFrom('bulk_delivery as delivery')
    .innerJoin('bulk_account as account', (join) =>
      join.onRef('account.import_id', '=', 'delivery.import_id').onRef('account.account_id', '=', 'delivery.account_id'),
    )
    .where('delivery.import_id', '=', importId)
    .where((eb) => eb.or([eb('place', '>', place), eb.and([eb('place', '=', place), eb('file', '>', file)])]))
  if (state) query = query.where('state', 'in', state)
  if (account) query = query.where('delivery.account_id', 'in', account)
  return await query
    .orderBy('place')
    .orderBy('file')
    .limit(limit + 1)
    .selectAll('delivery')
    .select('place')
    .execute()
}

function cursorOf(text: string): [number, number] {
  const [, place, file] = /^(\d{1,9})\.(\d{1,9})$/.exec(text) ?? []
  if (place === undefined || file === undefined) throw new AppError('invalid_input', 'after: it is no cursor that this server gave.')
  return [Number(place), Number(file)]
}

/** What did not get there, as records that were rejected: `record` is the place of the file from 1, `key` the account, `content` the path. */
export async function* rejectedDeliveries(
  database: Database,
  importId: string,
  files: { name: string; relativePath?: string }[],
): AsyncGenerator<RejectedRecord> {
  const names = new Map((await accountsOf(database.em(), importId)).map(({ id, name }) => [id, name]))
  for (let after: string | undefined, more = true; more;) {
    const page = await readDeliveries(database, importId, { after, limit: 500, state: ['failed', 'stopped'], account: undefined })
    for (const { file, account, error, path } of page.deliveries) {
      const { code = 'internal', message = '' } = error ?? {}
      const key = names.get(account) ?? account
      yield {
        file: files[file]?.relativePath ?? files[file]?.name ?? '',
        record: file + 1,
        byte: 0,
        key,
        code,
        reason: message,
        ...(path !== undefined && { content: path }),
      }
    }
    more = page.next !== null
    after = page.next ?? undefined
  }
}
