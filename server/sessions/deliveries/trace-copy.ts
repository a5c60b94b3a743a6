import type { Readable } from 'node:stream'
import type { Database, EntityManager } from '../../database/database.ts'
import { ImportSessionEntity } from '../../database/entities.ts'
import { longestMark, readMark } from '../../importers/bulk/copies/mark.ts'
import type { TraceAnswer } from '../../../shared/protocol/views.ts'
import { deliveryTables } from './delivery-table.ts'
import { accountsOf } from './read-deliveries.ts'

/** A file that came back: its name, hex SHA-256, and its bytes. */
type CameBack = { name: string; sha256: string; bytes: () => Readable }
type Found = NonNullable<TraceAnswer['found']>
type Known = { import_id: string; account_id: string; file: number; changed_at: number | string }

/** Whose copy a file is: by the mark inside, which also survives what an edit leaves of it; then by all its bytes; then by the short id in its name. */
export async function traceCopy(database: Database, { name, sha256, bytes }: CameBack): Promise<TraceAnswer> {
  const em = database.em()
  const marked = await byMark(em, bytes())
  if (marked) return { found: await present(em, marked, 'mark') }
  const same = await copies(em).where('input_sha256', '=', sha256).limit(2).execute()
  if (same.length === 1) return { found: await present(em, same[0]!, 'checksum') }
  const ids = possibleIds(name)
  if (ids.length === 0) return { found: null }
  const named = await copies(em).where('short_id', 'in', ids).limit(2).execute()
  return { found: named.length === 1 ? await present(em, named[0]!, 'name') : null }
}

/** Deliveries that got as far as a copy. */
function copies(em: EntityManager) {
  const columns = ['import_id', 'account_id', 'file', 'changed_at'] as const
  return deliveryTables(em).selectFrom('bulk_delivery').where('path', 'is not', null).select(columns)
}

/** A mark counts when it names a delivery that there is: anybody can write one. */
async function byMark(em: EntityManager, bytes: Readable): Promise<Known | null> {
  let end = ''
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    const text = end + piece.toString('latin1')
    const mark = readMark(text)
    if (mark) {
      const ofMark = copies(em).where('import_id', '=', mark.importId).where('account_id', '=', mark.accountId).where('short_id', '=', mark.shortId)
      const known = await ofMark.executeTakeFirst()
      if (known) return known
    }
    end = text.slice(-longestMark)
  }
  return null
}

async function present(
  em: EntityManager,
  { import_id: importId, account_id: account, file, changed_at: at }: Known,
  by: Found['by'],
): Promise<Found | null> {
  const session = await em.findOne(ImportSessionEntity, { id: importId }, { fields: ['files'], disableIdentityMap: true })
  const accounts = await accountsOf(em, importId)
  const name = accounts.find(({ id }) => id === account)?.name ?? account
  const found = session?.files[file]
  return { importId, account: { id: account, name }, file: found?.relativePath ?? found?.name ?? '', at: new Date(Number(at)).toISOString(), by }
}

/** Ten letters and digits in a row, wherever they stand in a name. */
function possibleIds(name: string): string[] {
  const runs = name.slice(0, 255).match(/[a-z0-9]{10,}/g) ?? []
  return runs.flatMap((run) => Array.from({ length: run.length - 9 }, (_, start) => run.slice(start, start + 10)))
}
