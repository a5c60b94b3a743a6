import { AppError } from '../../errors.ts'
import { fenced } from '../fence.ts'
import { checkpointTable, quoteName } from '../identifiers.ts'
import type { Checkpoint, Fence } from '../target.ts'
import { sqlState } from './errors.ts'
import type { Session } from './session.ts'

/** Held while the table may come or go, so that two import sessions do not make or drop it at once. */
const tableLock = `SELECT pg_advisory_xact_lock(hashtext('${checkpointTable}'), 0)`
const createTable = `CREATE TABLE IF NOT EXISTS ${checkpointTable}
  (import_id text PRIMARY KEY, attempt integer NOT NULL, done boolean NOT NULL, state text, updated timestamptz NOT NULL)`
const announceSql = `INSERT INTO ${checkpointTable} AS c (import_id, attempt, done, updated) VALUES ($1, $2, false, now())
  ON CONFLICT (import_id) DO UPDATE SET attempt = excluded.attempt, updated = now() WHERE c.attempt <= excluded.attempt
  RETURNING json_build_object('done', done, 'state', state)`
const undefinedTable = '42P01'

/** Writes down that an attempt has begun; answers what the former ones left. Their connections are ended, and so what they wrote and did not commit. */
export async function announce(session: Session, { importId, attempt }: Fence): Promise<Checkpoint | null> {
  // A former attempt that stands still may hold what is asked for here.
  await endFormer(session, { importId, attempt })
  const left = await inTransaction(session, connectionName({ importId, attempt }), async () => {
    await session.run(`${tableLock}; ${createTable}`)
    const found = await session.json<{ done: boolean; state: string | null }>(announceSql, [importId, attempt])
    if (!found) throw fenced({ importId, attempt }, await newestAttempt(session, importId))
    return found
  })
  await endFormer(session, { importId, attempt })
  return left.state === null ? null : { done: left.done, state: JSON.parse(left.state) }
}

/** Throws `fenced` unless this attempt is the newest. With `lock`, no other one can announce itself before the transaction ends. */
export async function checkFence(session: Session, fence: Fence, lock: boolean): Promise<void> {
  const newest = await newestAttempt(session, fence.importId, lock ? 'FOR UPDATE' : '')
  if (newest !== fence.attempt) throw fenced(fence, newest)
}

export async function store(session: Session, { importId }: Fence, { done, state }: Checkpoint): Promise<void> {
  const sql = `UPDATE ${checkpointTable} SET done = $2, state = $3, updated = now() WHERE import_id = $1`
  await session.rows(sql, [importId, done, JSON.stringify(state ?? null)])
}

/** Removes what is kept of an import session, and the table with its last row. */
export async function remove(session: Session, importId: string): Promise<void> {
  if (!(await hasTable(session))) return
  await inTransaction(session, `${connectionPrefix(importId)}0`, async () => {
    await session.run(tableLock)
    if (!(await hasTable(session))) return
    await session.rows(`DELETE FROM ${checkpointTable} WHERE import_id = $1`, [importId])
    const others = await session.rows(`SELECT 1 FROM ${checkpointTable} LIMIT 1`)
    if (others.length === 0) await session.run(`DROP TABLE ${checkpointTable}`)
  })
}

/** The name that a transaction's connection bears, by which a newer attempt finds it. Names are cut at 63 bytes. */
export function connectionName({ importId, attempt }: Fence): string {
  return `${connectionPrefix(importId)}${attempt}`
}

function connectionPrefix(importId: string): string {
  return `intake ${importId.replaceAll(/[^\w-]/g, '').slice(-44)} `
}

async function endFormer(session: Session, { importId, attempt }: Fence): Promise<void> {
  const prefix = connectionPrefix(importId)
  const sql = `SELECT pid, application_name FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND starts_with(application_name, $1)`
  for (const [pid, name] of await session.rows(sql, [prefix])) {
    const former = Number(name?.slice(prefix.length))
    if (former < attempt) await session.rows('SELECT pg_terminate_backend($1)', [pid])
  }
}

async function newestAttempt(session: Session, importId: string, suffix = ''): Promise<number | null> {
  try {
    const [row] = await session.rows(`SELECT attempt FROM ${checkpointTable} WHERE import_id = $1 ${suffix}`, [importId])
    return row ? Number(row[0]) : null
  } catch (thrown) {
    if (thrown instanceof AppError && sqlState(thrown) === undefinedTable) return null
    throw thrown
  }
}

async function hasTable(session: Session): Promise<boolean> {
  const [row] = await session.rows('SELECT to_regclass($1)', [checkpointTable])
  return row?.[0] !== null
}

/** The connection bears `name` meanwhile. */
async function inTransaction<T>(session: Session, name: string, work: () => Promise<T>): Promise<T> {
  await session.run(`BEGIN; SET LOCAL application_name = ${quoteName(name)}`)
  try {
    const result = await work()
    await session.run('COMMIT')
    return result
  } catch (thrown) {
    if (session.alive) await session.run('ROLLBACK').catch(() => {})
    throw thrown
  }
}
