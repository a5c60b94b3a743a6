import { randomBytes } from 'node:crypto'
import { Client, types } from 'pg'
import { from } from 'pg-copy-streams'
import { openTarget } from '../../../server/targets/registry.ts'
import type { Target } from '../../../server/targets/target.ts'
import { runSql } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { withoutDates } from './test-database.ts'
import type { Rows, TestDatabase } from './test-database.ts'

/** Databases of PostgreSQL made from a script: the script runs once, and the database is copied. */
export class PostgresCopies {
  readonly #postgres: TestPostgres
  readonly #templates = new Map<string, string>()
  readonly #made: string[] = []

  constructor(postgres: TestPostgres) {
    this.#postgres = postgres
  }

  /** Answers the URL of a fresh copy. */
  async copy(script: string, scriptOf: (script: string) => string): Promise<string> {
    const template = this.#templates.get(script) ?? (await this.#template(scriptOf(script)))
    this.#templates.set(script, template)
    const name = `restore_${randomBytes(6).toString('hex')}`
    await runSql(this.#postgres.url(), `CREATE DATABASE "${name}" TEMPLATE "${template}"`)
    this.#made.push(name)
    return this.#postgres.url(name)
  }

  async drop(): Promise<void> {
    for (const name of this.#made.splice(0)) await runSql(this.#postgres.url(), `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
  }

  async #template(sql: string): Promise<string> {
    const url = await this.#postgres.createDatabase('restore_template')
    await loadDump(url, sql)
    return new URL(url).pathname.slice(1)
  }
}

/** A plain dump as psql runs it: statements, and COPY blocks between them. */
async function loadDump(url: string, dump: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    let rest = dump.replaceAll(/^\\(un)?restrict .*$/gm, '')
    for (let block = copyLine.exec(rest); block; block = copyLine.exec(rest)) {
      await client.query(rest.slice(0, block.index))
      const start = block.index + block[0].length
      const end = rest.indexOf('\n\\.\n', start - 1)
      const stream = client.query(from(block[1] ?? ''))
      const done = new Promise<void>((resolve, reject) => {
        stream.once('finish', resolve)
        stream.once('error', reject)
      })
      stream.end(rest.slice(start, end + 1))
      await done
      rest = rest.slice(end + 4)
    }
    await client.query(rest)
  } finally {
    await client.end()
  }
}

const copyLine = /^(COPY .* FROM stdin);\n/m

/** A database of PostgreSQL for one test. */
export function postgresDatabase(url: string): TestDatabase {
  const targets: Target[] = []
  return {
    dialect: 'postgresql',
    target: async () => {
      const target = await openTarget({ dialect: 'postgresql', url })
      targets.push(target)
      return target
    },
    run: async (sql) => void (await runSql(url, sql)),
    rows: async () => await postgresRows(url),
    query: async (sql) => await query(url, sql),
    close: async () => {
      for (const target of targets) await target.close()
    },
  }
}

/** Rows as arrays; integers of 64 bits as numbers. */
async function query(url: string, sql: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: url })
  client.setTypeParser(types.builtins.INT8, Number)
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

async function postgresRows(url: string): Promise<Rows> {
  const names = await runSql(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`)
  const every = names.map(({ tablename }) => `SELECT '${String(tablename)}' AS name, to_jsonb(t)::text AS row FROM public."${String(tablename)}" t`)
  const rows: Rows = Object.fromEntries(names.map(({ tablename }) => [String(tablename), []]))
  const found = every.length === 0 ? [] : await runSql(url, `SET TimeZone = 'UTC'; ${every.join(' UNION ALL ')} ORDER BY 1, 2`)
  for (const { name, row } of found) rows[String(name)]?.push(String(row))
  return withoutDates(rows)
}
