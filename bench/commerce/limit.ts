import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const most = { maxBuffer: 64 * 2 ** 20 }

/** The rows that an import made, loaded again from CSV by the shell of the database into the same tables; how many, and how many seconds that takes. */
export type Limit = { rows: number; seconds: number }

/** The sqlite3 shell's `.import`. */
export async function sqliteLimit(dir: string, file: string): Promise<Limit> {
  const { stdout: schema } = await run('sqlite3', [file, '.schema commerce_%'], most)
  const { stdout: list } = await run('sqlite3', [
    file,
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'commerce\\_%' ESCAPE '\\'`,
  ])
  const tables = list.trim().split('\n')
  const csv = (table: string): string => path.join(dir, `${table}.csv`)
  await script(dir, file, ['.mode csv', ...tables.flatMap((table) => [`.output ${csv(table)}`, `SELECT * FROM ${table};`])])
  const limit = path.join(dir, 'limit.db')
  await run('sqlite3', [limit, schema])
  const seconds = await timed(
    async () => await script(dir, limit, ['.mode csv', 'PRAGMA journal_mode=WAL;', ...tables.map((table) => `.import ${csv(table)} ${table}`)]),
  )
  const { stdout: counted } = await run('sqlite3', [limit, tables.map((table) => `SELECT count(*) FROM ${table};`).join('')])
  await Promise.all(tables.map(async (table) => await rm(csv(table))))
  return { rows: sum(counted), seconds }
}

/** psql's `\copy` into temporary tables and a merge from there, in one transaction. */
export async function postgresLimit(dir: string, url: string): Promise<Limit> {
  const psql = async (...args: string[]): Promise<string> => (await run('psql', ['-qtA', '-v', 'ON_ERROR_STOP=1', url, ...args], most)).stdout
  const tables = (await psql('-c', `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'commerce\\_%'`))
    .trim()
    .split('\n')
  const csv = (table: string): string => path.join(dir, `${table}.csv`)
  for (const table of tables) await psql('-c', `\\copy (SELECT * FROM public.${table}) TO '${csv(table)}' WITH (FORMAT csv)`)
  await psql('-c', `CREATE SCHEMA lim; ${tables.map((table) => `CREATE TABLE lim.${table} (LIKE public.${table} INCLUDING ALL);`).join(' ')}`)
  const steps = tables.flatMap((table) => [
    `CREATE TEMP TABLE stage_${table} (LIKE lim.${table}) ON COMMIT DROP;`,
    `\\copy stage_${table} FROM '${csv(table)}' WITH (FORMAT csv)`,
    `INSERT INTO lim.${table} SELECT * FROM stage_${table} ON CONFLICT DO NOTHING;`,
  ])
  const file = path.join(dir, 'limit-pg.sql')
  await writeFile(file, ['BEGIN;', ...steps, 'COMMIT;'].join('\n'))
  const seconds = await timed(async () => void (await psql('-f', file)))
  const counted = await psql('-c', tables.map((table) => `SELECT count(*) FROM lim.${table}`).join(' UNION ALL '))
  await Promise.all(tables.map(async (table) => await rm(csv(table))))
  return { rows: sum(counted), seconds }
}

async function script(dir: string, database: string, lines: string[]): Promise<void> {
  const file = path.join(dir, 'limit.sql')
  await writeFile(file, lines.join('\n'))
  await run('sqlite3', [database, `.read ${file}`], most)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function sum(counts: string): number {
  return counts
    .trim()
    .split('\n')
    .reduce((all, count) => all + Number(count), 0)
}
