import type { Readable } from 'node:stream'
import type { Database, EntityManager } from '../../database/database.ts'
import { ImportSessionEntity } from '../../database/entities.ts'
import { longestMark, marksIn } from '../../importers/bulk/copies/mark.ts'
import type { Mark } from '../../importers/bulk/copies/mark.ts'
import type { TraceAnswer } from '../../../shared/protocol/views.ts'
import { deliveryTables } from './delivery-table.ts'
import { accountsOf } from './read-deliveries.ts'

/** A file that came back: its name, hex SHA-256, and its bytes. */
type CameBack = { name: string; sha256: string; bytes: () => Readable }
type Found = NonNullable<TraceAnswer['found']>
type Known = {
  import_id: string
  account_id: string
  short_id: string | null
  file: number
  changed_at: number | string
  started_at: number | string
}

/** Marks that are looked up at a time. */
const marksAtOnce = 500

/**
 * Whose copy a file is: by the mark inside, which also survives what an edit leaves of it; then by all its bytes; then by the short id in its name. What came back
 * may have been uploaded again: then the copy of the newest run is the answer, and the mark of an older one means nothing in a file that was sent with it as it is.
 */
export async function traceCopy(database: Database, { name, sha256, bytes }: CameBack): Promise<TraceAnswer> {
  const em = database.em()
  const ids = possibleIds(name)
  const marked = await byMark(em, bytes())
  const same = await byContent(em, sha256, ids)
  if (same && (!marked || startOf(same.row) > startOf(marked))) return { found: await present(em, same.row, same.by) }
  if (marked) return { found: await present(em, marked, 'mark') }
  const [named, ...more] = ids.length === 0 ? [] : await copies(em).where('short_id', 'in', ids).limit(2).execute()
  return { found: named && more.length === 0 ? await present(em, named, 'name') : null }
}

/** Deliveries that got as far as a copy. */
function copies(em: EntityManager) {
  const columns = ['import_id', 'account_id', 'short_id', 'file', 'changed_at', 'session.created_at as started_at'] as const
  const all = deliveryTables(em).selectFrom('bulk_delivery').innerJoin('import_session as session', 'session.id', 'import_id')
  return all.where('path', 'is not', null).select(columns)
}

const startOf = ({ started_at: at }: Known): number => Number(at)

/** The newest of the copies whose marks are inside. A mark counts when it names a delivery that there is: anybody can write one. */
async function byMark(em: EntityManager, bytes: Readable): Promise<Known | null> {
  let end = ''
  let newest: Known | null = null
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    const text = end + piece.toString('latin1')
    const marks = marksIn(text)
    for (let at = 0; at < marks.length; at += marksAtOnce) {
      for (const row of await rowsOf(em, marks.slice(at, at + marksAtOnce))) if (!newest || startOf(row) > startOf(newest)) newest = row
    }
    end = text.slice(-longestMark)
  }
  return newest
}

async function rowsOf(em: EntityManager, marks: Mark[]): Promise<Known[]> {
  const shortIds = marks.map(({ shortId }) => shortId)
  const rows = await copies(em).where('short_id', 'in', shortIds).execute()
  const isOf = (row: Known) => (mark: Mark) => mark.importId === row.import_id && mark.accountId === row.account_id && mark.shortId === row.short_id
  return rows.filter((row) => marks.some(isOf(row)))
}

/** The copy that has these very bytes; where several accounts got them, the one that the name names. */
async function byContent(em: EntityManager, sha256: string, ids: string[]): Promise<{ row: Known; by: 'checksum' | 'name' } | null> {
  const same = copies(em).where('input_sha256', '=', sha256)
  const named = ids.length === 0 ? undefined : await same.where('short_id', 'in', ids).executeTakeFirst()
  const accounts = await deliveryTables(em)
    .selectFrom('bulk_delivery')
    .where('path', 'is not', null)
    .where('input_sha256', '=', sha256)
    .select('account_id')
    .distinct()
    .limit(2)
    .execute()
  if (accounts.length !== 1) return named ? { row: named, by: 'name' } : null
  const row = named ?? (await same.orderBy('started_at', 'desc').limit(1).executeTakeFirst())
  return row ? { row, by: 'checksum' } : null
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
