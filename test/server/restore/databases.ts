import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { Client } from 'pg'
import { openTarget } from '../../../server/targets/registry.ts'
import type { Dialect, Target } from '../../../server/targets/target.ts'
import { hasPostgres, runSql, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'

/** Rows of every table as text, in an order of their own; by table. */
export type Rows = Record<string, string[]>

/** A database for one test, and how to look at it past the driver. */
export type TestDatabase = {
  dialect: Dialect
  target(): Promise<Target>
  run(sql: string): Promise<void>
  /** Runs the script of a sample, packed or not: of the folder that the dialect has. */
  load(file: string): Promise<void>
  rows(): Promise<Rows>
  query(sql: string): Promise<unknown[][]>
  close(): Promise<void>
}

/** The databases that a test is run on. */
export const dialects = [
  { name: 'SQLite', folder: 'sqlite', available: true },
  { name: 'PostgreSQL', folder: 'pg', available: hasPostgres },
] as const

export type DialectName = (typeof dialects)[number]['name']

/** Makes databases, and the server that they need. */
export class Databases {
  #postgres: TestPostgres | null = null
  readonly #open: TestDatabase[] = []

  async create(name: DialectName): Promise<TestDatabase> {
    const database = name === 'SQLite' ? createSqlite() : await this.#createPostgres()
    this.#open.push(database)
    return database
  }

  async close(): Promise<void> {
    for (const database of this.#open.splice(0)) await database.close()
  }

  async stop(): Promise<void> {
    await this.close()
    await this.#postgres?.stop()
  }

  async #createPostgres(): Promise<TestDatabase> {
    this.#postgres ??= await startPostgres()
    if (!this.#postgres) throw new Error('there is no PostgreSQL')
    return postgresDatabase(await this.#postgres.createDatabase('restore'))
  }
}

function scriptOf(file: string): string {
  const bytes = readFileSync(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

function createSqlite(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'intake-restore-'))
  const file = join(folder, 'target.db')
  const targets: Target[] = []
  const using = <T>(work: (database: Database.Database) => T): T => {
    const database = new Database(file)
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
  return {
    dialect: 'sqlite',
    target: async () => {
      const target = await openTarget({ dialect: 'sqlite', file })
      targets.push(target)
      return target
    },
    run: async (sql) => using((database) => void database.exec(sql)),
    load: async (path) => using((database) => void database.unsafeMode().exec(scriptOf(path).replace('CREATE TABLE sqlite_sequence(name,seq);', ''))),
    rows: async () => using(sqliteRows),
    query: async (sql) => using((database) => database.prepare<[], unknown[]>(sql).raw().all()),
    close: async () => {
      for (const target of targets) await target.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function sqliteRows(database: Database.Database): Rows {
  const names = database
    .prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
    .pluck()
    .all()
  const tables = names.map((name) => {
    const columns = database.prepare<[string], string>(`SELECT name FROM pragma_table_info(?) ORDER BY name`).pluck().all(name)
    const list = columns.map((column) => `'${column}=' || quote("${column}")`).join(` || ' | ' || `)
    return [name, database.prepare<[], string>(`SELECT ${list} AS row FROM "${name}" ORDER BY row`).pluck().all()] as const
  })
  return withoutDates(Object.fromEntries(tables))
}

function postgresDatabase(url: string): TestDatabase {
  const targets: Target[] = []
  return {
    dialect: 'postgresql',
    target: async () => {
      const target = await openTarget({ dialect: 'postgresql', url })
      targets.push(target)
      return target
    },
    run: async (sql) => void (await runSql(url, sql)),
    load: async (path) => await loadDump(url, scriptOf(path)),
    rows: async () => await postgresRows(url),
    query: async (sql) => (await runSql(url, sql)).map((row) => Object.values(row)),
    close: async () => {
      for (const target of targets) await target.close()
    },
  }
}

/** A plain dump as psql runs it: statements, and COPY blocks between them. */
async function loadDump(url: string, dump: string): Promise<void> {
  const { from } = await import('pg-copy-streams')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const script = dump.replaceAll(/^\\(un)?restrict .*$/gm, '')
    let rest = script
    for (let match = /^COPY .* FROM stdin;\n/m.exec(rest); match; match = /^COPY .* FROM stdin;\n/m.exec(rest)) {
      await client.query(rest.slice(0, match.index))
      const end = rest.indexOf('\\.\n', match.index)
      const stream = client.query(from(match[0].replace(/;\n$/, '')))
      const done = new Promise<void>((resolve, reject) => {
        stream.once('finish', resolve)
        stream.once('error', reject)
      })
      stream.end(rest.slice(match.index + match[0].length, end))
      await done
      rest = rest.slice(end + 3)
    }
    await client.query(rest)
  } finally {
    await client.end()
  }
}

async function postgresRows(url: string): Promise<Rows> {
  const names = await runSql(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`)
  const rows: Rows = {}
  for (const { tablename } of names) {
    const found = await runSql(url, `SET TimeZone = 'UTC'; SELECT to_jsonb(t)::text AS row FROM public."${String(tablename)}" t ORDER BY row`)
    rows[String(tablename)] = found.map(({ row }) => String(row))
  }
  return withoutDates(rows)
}

/** When migrations ran, and what Intake keeps for itself, is no part of a result. */
function withoutDates(rows: Rows): Rows {
  const { django_migrations: _, intake_checkpoint: __, ...rest } = rows
  return rest
}
