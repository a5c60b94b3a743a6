import { sql } from 'kysely'
import type { EntityManager } from '../../database/database.ts'
import { AccountEntity } from '../../database/entities.ts'
import type { ImportSession } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import { deliveryTables } from './delivery-table.ts'

/** Each is a row, and several lines of the log. */
const mostDeliveries = 250_000

/** The number of deliveries of a run of kind `bulk`; null for another kind. */
export function deliveriesOf({ kind, options, files }: Pick<ImportSession, 'kind' | 'options' | 'files'>): number | null {
  return kind === 'bulk' ? accountIds(options).length * files.length : null
}

/**
 * Makes the rows of a bulk run, in the transaction of its start: all are there before anybody can ask for them. Throws `invalid_input` for an account that is
 * not there, and for more deliveries than a run may have.
 */
export async function openDeliveries(em: EntityManager, { id: importId, kind, options, files }: ImportSession): Promise<void> {
  if (kind !== 'bulk') return
  const wanted = accountIds(options)
  if (wanted.length * files.length > mostDeliveries)
    throw new AppError(
      'invalid_input',
      `A run has up to ${mostDeliveries.toLocaleString('en-US')} deliveries. Send fewer files, or choose fewer accounts.`,
    )
  const found = await em.find(AccountEntity, { id: { $in: wanted } }, { fields: ['id', 'name', 'driver'], disableIdentityMap: true })
  const accounts = new Map(found.map((account) => [account.id, account]))
  const missing = wanted.find((id) => !accounts.has(id))
  if (missing !== undefined) throw new AppError('invalid_input', `accounts: there is no account ${missing}.`)
  const rows = wanted.map((id, place) => {
    const { name, driver } = accounts.get(id)!
    return { import_id: importId, account_id: id, place, name, driver }
  })
  for (let start = 0; start < rows.length; start += 200)
    await deliveryTables(em)
      .insertInto('bulk_account')
      .values(rows.slice(start, start + 200))
      .execute()
  await insertDeliveries(em, importId, files)
}

/** One statement for some hundred files, whatever the number of accounts. */
async function insertDeliveries(em: EntityManager, importId: string, files: ImportSession['files']): Promise<void> {
  const now = Date.now()
  for (let start = 0; start < files.length; start += 200) {
    const sizes = files.slice(start, start + 200).map(({ size }, index) => sql`(${sql.lit(start + index)}, ${sql.lit(size)})`)
    await sql`with sizes (file, size) as (values ${sql.join(sizes)})
      insert into bulk_delivery (import_id, account_id, file, state, size, changed_at)
      select account.import_id, account.account_id, sizes.file, 'waiting', sizes.size, ${sql.lit(now)}
      from bulk_account account cross join sizes where account.import_id = ${importId}`.execute(deliveryTables(em))
  }
}

function accountIds({ accounts }: Record<string, unknown>): string[] {
  return Array.isArray(accounts) ? accounts.map(String) : []
}
