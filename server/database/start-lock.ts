import type { Client } from 'pg'
import { AppError, messageOf } from '../errors.ts'

/** Any number, the same in every Intake: names the advisory lock of a start in a PostgreSQL app database. */
const advisoryKey = 4_868_402
const connectMs = 5000

/**
 * Waits until no other process is starting on this PostgreSQL app database. The lock belongs to a connection of its own, so that it ends with the process.
 * Throws AppError `unavailable` when the database can't be reached, or another process holds the lock for longer than `waitMs`.
 */
export async function holdStartLock(url: string, waitMs = 60_000): Promise<() => Promise<void>> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, application_name: 'intake-start', connectionTimeoutMillis: connectMs })
  // A connection that breaks is noticed by the next statement.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw new AppError('unavailable', `The app database can’t be reached (${messageOf(cause)}). Look at DATABASE_URL.`, { cause })
  }
  try {
    await client.query(`set lock_timeout = ${waitMs}`)
    await client.query('select pg_advisory_lock($1)', [advisoryKey])
  } catch (cause) {
    await letGo(client)
    const text = `Another process has been preparing the app database for more than ${waitMs / 1000} s. Start this one when that one has finished.`
    throw isLockTimeout(cause) ? new AppError('unavailable', text, { cause }) : cause
  }
  return async () => await letGo(client)
}

/** The server takes the lock back when the connection ends. */
async function letGo(client: Client): Promise<void> {
  await client.end().catch(() => undefined)
}

function isLockTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === '55P03'
}
