import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import type { QueryResult } from 'pg'
import { tools } from '../../scripts/testing/machine.ts'
import { startPostgres as startServer } from '../../scripts/testing/services.ts'
import type { RestartableService, Service } from '../../scripts/testing/services.ts'

export type TestPostgres = {
  /** The URL of a database of this server; without a name the one that is always there. */
  url(database?: string): string
  /** Makes an empty database whose name begins with `name`; answers its URL. It goes with `stop`. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

/** Whether tests can have a PostgreSQL. What can't is named as skipped. */
export const hasPostgres = process.env['INTAKE_TEST_PG_URL'] !== undefined || tools.postgres.find() !== null

/** The server that the test runner started, or one of one's own; null when PostgreSQL is not installed. */
export async function startPostgres(): Promise<TestPostgres | null> {
  const given = process.env['INTAKE_TEST_PG_URL']
  if (given !== undefined) return connectTo({ url: given, stop: async () => {} })
  const program = tools.postgres.find()
  return program === null ? null : connectTo(await startServer(program))
}

/** A server of one's own, which may be treated as one likes: `halt` and `resume` it. Throws when PostgreSQL is not installed. */
export async function startOwnPostgres(): Promise<TestPostgres & Pick<RestartableService, 'halt' | 'resume'>> {
  const program = tools.postgres.find()
  if (program === null) throw new Error('PostgreSQL is not installed')
  const service = await startServer(program)
  return { ...connectTo(service), halt: service.halt, resume: service.resume }
}

function connectTo(service: Service): TestPostgres {
  const databases: string[] = []
  const url = (database?: string): string => {
    const parsed = new URL(service.url)
    if (database !== undefined) parsed.pathname = `/${encodeURIComponent(database)}`
    return parsed.href
  }
  const createDatabase = async (name: string): Promise<string> => {
    const database = `${name}_${randomBytes(6).toString('hex')}`
    await runSql(service.url, `CREATE DATABASE "${database}"`)
    databases.push(database)
    return url(database)
  }
  const stop = async (): Promise<void> => {
    for (const database of databases.splice(0)) await runSql(service.url, `DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
    await service.stop()
  }
  return { url, createDatabase, stop }
}

/** Runs one or more statements without parameters on a connection of their own; answers the rows of the last. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const result: QueryResult<Record<string, unknown>> | QueryResult<Record<string, unknown>>[] = await client.query(sql)
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
  } finally {
    await client.end()
  }
}
