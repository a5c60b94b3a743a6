import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { runSql } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { contentQueries, librarySchema } from './library-fixture.ts'

/** What a target holds: a hash over all rows, and how many there are of each. */
export type Content = { hash: string; rows: Record<string, number> }

/** A database that a run writes to while its server is killed. All looks at it leave it as it is. */
export type FaultTarget = {
  url: string
  /** Where its files lie, when it has any: writes can be seen there. */
  file: string | null
  content(): Promise<Content>
  /** Whether something of Intake's own is left in it. */
  hasCheckpoint(): Promise<boolean>
  /** What the database itself finds wrong in it; numbers that it would give twice included. */
  faults(): Promise<string[]>
}

/** `env`: the settings that a server needs to write into them. */
export type FaultTargets = { env: Record<string, string>; create(): Promise<FaultTarget>; close(): Promise<void> }

function contentOf(rows: Record<string, unknown[]>): Content {
  const hash = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
  return { hash, rows: Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, list.length])) }
}

/** SQLite files in one folder. */
export async function sqliteTargets(): Promise<FaultTargets> {
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-fault-targets-'))
  let count = 0
  return {
    env: { SQLITE_DIRS: dir },
    create: async () => {
      const file = path.join(dir, `library-${++count}.db`)
      const words = {
        key: 'integer PRIMARY KEY AUTOINCREMENT',
        decimal: 'decimal',
        bool: 'bool',
        yes: '1',
        deferred: 'DEFERRABLE INITIALLY DEFERRED',
      }
      using(new Sqlite(file), (db) => db.exec(librarySchema(words)))
      return sqliteTarget(file)
    },
    close: async () => await rm(dir, { recursive: true, force: true }),
  }
}

function sqliteTarget(file: string): FaultTarget {
  /** Opening a database that a killed process left repairs it: that is the next attempt's to do. So a copy is looked at. */
  const onCopy = async <T>(look: (db: Sqlite.Database) => T): Promise<T> => {
    const copies = await mkdtemp(path.join(tmpdir(), 'intake-fault-copy-'))
    try {
      // A server that lives may still write, and move what it wrote from one file to the other.
      for (let before = ''; before !== (before = await stampOf(file));) {
        await rm(path.join(copies, 'copy.db-wal'), { force: true })
        await copyFile(file, path.join(copies, 'copy.db'))
        await copyFile(`${file}-wal`, path.join(copies, 'copy.db-wal')).catch(ignoreMissing)
      }
      return using(new Sqlite(path.join(copies, 'copy.db')), look)
    } finally {
      await rm(copies, { recursive: true, force: true })
    }
  }
  return {
    url: `sqlite:${file}`,
    file,
    content: async () =>
      await onCopy((db) => contentOf(Object.fromEntries(Object.entries(contentQueries).map(([name, sql]) => [name, db.prepare(sql).raw().all()])))),
    hasCheckpoint: async () => await onCopy((db) => db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'intake_checkpoint'`).get() !== undefined),
    faults: async () =>
      await onCopy((db) => {
        const problems = db.pragma('integrity_check', { simple: true })
        return [...(problems === 'ok' ? [] : [String(problems)]), ...(db.pragma('foreign_key_check') as unknown[]).map((row) => JSON.stringify(row))]
      }),
  }
}

/** Says something else when a database has been written to. */
async function stampOf(file: string): Promise<string> {
  const both = [file, `${file}-wal`].map(async (name) => await stat(name, { bigint: true }).catch(ignoreMissing))
  return (await Promise.all(both)).map((found) => (found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'none')).join(', ')
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

function using<T>(db: Sqlite.Database, work: (db: Sqlite.Database) => T): T {
  try {
    return work(db)
  } finally {
    db.close()
  }
}

/** Databases of a PostgreSQL server. */
export function postgresTargets(server: TestPostgres): FaultTargets {
  return {
    env: {},
    create: async () => {
      const url = await server.createDatabase('fault')
      const words = { key: 'serial PRIMARY KEY', decimal: 'numeric(8,2)', bool: 'boolean', yes: 'true', deferred: 'DEFERRABLE INITIALLY DEFERRED' }
      await runSql(url, librarySchema(words))
      for (const name of ['author', 'tag', 'book']) await runSql(url, `SELECT setval('library_${name}_id_seq', 500001)`)
      return postgresTarget(url)
    },
    close: async () => await server.stop(),
  }
}

function postgresTarget(url: string): FaultTarget {
  return {
    url,
    file: null,
    content: async () => {
      const parts = Object.entries(contentQueries).map(([name, sql]) => `'${name}', (SELECT coalesce(json_agg(t), '[]') FROM (${sql}) t)`)
      // One statement sees one moment.
      const [row] = await runSql(url, `SELECT json_build_object(${parts.join(', ')}) AS content`)
      return contentOf(row?.['content'] as Record<string, unknown[]>)
    },
    hasCheckpoint: async () => (await runSql(url, `SELECT 1 FROM pg_tables WHERE tablename = 'intake_checkpoint'`)).length > 0,
    faults: async () => {
      const given = ['author', 'tag', 'book', 'book_tags', 'review'].map(
        (name) => `SELECT '${name}' AS name, (SELECT max(id) FROM library_${name}) AS max, last_value FROM library_${name}_id_seq`,
      )
      const rows = await runSql(url, `SELECT * FROM (${given.join(' UNION ALL ')}) s WHERE last_value < max`)
      return rows.map((row) => `numbers are given twice: ${JSON.stringify(row)}`)
    },
  }
}
