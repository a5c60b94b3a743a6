import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { AppDatabase } from '../config/config.ts'
import { AppError, messageOf } from '../errors.ts'

export type Release = () => Promise<void>

/** Any number, the same in every Intake: names the advisory lock in a PostgreSQL app database. */
const advisoryKey = 4_868_401

/**
 * Makes sure that one process alone works on an app database with the embedded engine. The lock belongs to an open file or connection, so that it
 * ends with the process, however that ends. Throws AppError `conflict` when another process holds it, `unavailable` when the
 * database can't be reached.
 */
export async function holdInstanceLock(database: AppDatabase): Promise<Release> {
  return database.type === 'sqlite' ? await holdFile(`${path.dirname(database.file)}/intake.lock`) : await holdAdvisory(database.url)
}

const taken = () =>
  new AppError('conflict', 'Another Intake process already works on this data folder or database. Stop it first, or use another DATA_DIR.')

async function holdFile(file: string): Promise<Release> {
  const { default: Sqlite } = await import('better-sqlite3')
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const handle = new Sqlite(file, { timeout: 0 })
  try {
    handle.exec('BEGIN EXCLUSIVE')
  } catch {
    handle.close()
    throw taken()
  }
  return async () => void handle.close()
}

async function holdAdvisory(url: string): Promise<Release> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, application_name: 'intake-instance' })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw new AppError('unavailable', `The app database can’t be reached (${messageOf(cause)}). Look at DATABASE_URL.`, { cause })
  }
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [advisoryKey])
  if (rows[0]?.held) return async () => await client.end()
  await client.end()
  throw taken()
}
