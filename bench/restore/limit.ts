import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { postgresSchema, sqliteSchema, tables } from './schema.ts'

const run = promisify(execFile)

/** Seconds that the sqlite3 shell's `.import` takes for the CSV files, into the same tables. */
export async function sqliteLimit(dir: string, csv: Record<string, string>): Promise<number> {
  const file = path.join(dir, 'limit.db')
  await run('sqlite3', [file, sqliteSchema])
  const script = path.join(dir, 'limit.sql')
  await writeFile(script, ['.mode csv', 'PRAGMA journal_mode=WAL;', ...tables.map((table) => `.import ${csv[table]} ${table}`)].join('\n'))
  return await seconds(async () => void (await run('sqlite3', [file, `.read ${script}`])))
}

/** Seconds that psql's `\copy` into temporary tables and a merge from there take, in one transaction. */
export async function postgresLimit(dir: string, csv: Record<string, string>, url: string): Promise<number> {
  await run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', url, '-c', postgresSchema])
  const script = path.join(dir, 'limit-pg.sql')
  const steps = tables.flatMap((table) => [
    `CREATE TEMP TABLE stage_${table} (LIKE ${table}) ON COMMIT DROP;`,
    `\\copy stage_${table} FROM '${csv[table]}' WITH (FORMAT csv)`,
    `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM stage_${table} ON CONFLICT (id) DO NOTHING;`,
  ])
  await writeFile(script, ['BEGIN;', ...steps, 'COMMIT;'].join('\n'))
  return await seconds(async () => void (await run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', url, '-f', script])))
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
