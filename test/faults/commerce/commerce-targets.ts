import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { commerceTables } from '../../../server/importers/commerce/schema/tables.ts'
import { runSql } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'

/** Rows by table: how many, and a hash of what they say; when and by which run they were written is no part of it. */
export type Rows = Record<string, string>

/** An empty database that a run writes to while its server is killed. */
export type CommerceTarget = { url: string; file: string | null; rows(): Promise<Rows>; hasCheckpoint(): Promise<boolean> }
/** `env`: the settings that a server needs to write into them. */
export type CommerceTargets = { env: Record<string, string>; create(): Promise<CommerceTarget>; close(): Promise<void> }

const notCompared = new Set(['created_at', 'changed_at', 'deleted_at', 'import_id'])

/** A query for each table, whose rows come in the order of the key. */
const queries = Object.values(commerceTables()).map(({ table }) => {
  const columns = table.columns.filter(({ name }) => !notCompared.has(name)).map(({ name }) => `CAST(${name} AS text) AS ${name}`)
  return {
    name: table.name,
    sql: `SELECT ${columns.join(', ')}, deleted_at IS NULL AS live FROM ${table.name} ORDER BY ${table.primaryKey.join(', ')}`,
  }
})

function described(rows: unknown[]): string {
  return `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)}`
}

export async function sqliteTargets(): Promise<CommerceTargets> {
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-fault-goods-'))
  let count = 0
  const look = <T>(file: string, at: (db: Sqlite.Database) => T): T => {
    const db = new Sqlite(file, { readonly: true })
    try {
      return at(db)
    } finally {
      db.close()
    }
  }
  return {
    env: { SQLITE_DIRS: dir },
    create: async () => {
      const file = path.join(dir, `goods-${++count}.db`)
      new Sqlite(file).close()
      return {
        url: `sqlite:${file}`,
        file,
        rows: async () => look(file, (db) => Object.fromEntries(queries.map(({ name, sql }) => [name, described(db.prepare(sql).raw().all())]))),
        hasCheckpoint: async () => look(file, (db) => db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'intake_checkpoint'`).get() !== undefined),
      }
    },
    close: async () => await rm(dir, { recursive: true, force: true }),
  }
}

export function postgresTargets(server: TestPostgres): CommerceTargets {
  return {
    env: {},
    create: async () => {
      const url = await server.createDatabase('goods')
      return {
        url,
        file: null,
        rows: async () => {
          const rows: Rows = {}
          for (const { name, sql } of queries) rows[name] = described(await runSql(url, sql))
          return rows
        },
        hasCheckpoint: async () => (await runSql(url, `SELECT 1 FROM pg_tables WHERE tablename = 'intake_checkpoint'`)).length > 0,
      }
    },
    close: async () => await server.stop(),
  }
}
