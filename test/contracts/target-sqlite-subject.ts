import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openTarget } from '../../server/targets/registry.ts'
import type { Target, TargetAddress } from '../../server/targets/target.ts'
import type { TargetSubject } from './target-subject.ts'

export type SqliteSubject = TargetSubject & { folder: string; file: string }

/** A file of its own in a folder of its own. */
export async function createSqliteSubject(openBy: (address: TargetAddress) => Promise<Target> = openTarget): Promise<SqliteSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'intake-target-'))
  const file = join(folder, 'target.db')
  const opened: Target[] = []
  const open = async (path = file): Promise<Target> => {
    const target = await openBy({ dialect: 'sqlite', file: path })
    opened.push(target)
    return target
  }
  const close = async (): Promise<void> => {
    for (const target of opened) await target.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    folder,
    file,
    open: async () => await open(),
    run: async (sql) => using(file, (database) => void database.exec(sql)),
    values: async (sql) => using(file, (database) => database.prepare(sql).pluck().all()),
    dump: async () => using(file, dump),
    openMissing: async () => await open(join(folder, 'nowhere', 'target.db')),
    close,
  }
}

function using<T>(file: string, work: (database: Database.Database) => T): T {
  const database = new Database(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

function dump(database: Database.Database): string {
  const schema = database
    .prepare<[], { name: string; type: string; sql: string }>(
      `SELECT name, type, sql FROM sqlite_schema WHERE tbl_name <> 'intake_checkpoint' ORDER BY name`,
    )
    .all()
  const tables = schema.filter(({ type }) => type === 'table')
  const rows = tables.map(({ name }) => [
    name,
    database
      .prepare(`SELECT * FROM "${name.replaceAll('"', '""')}"`)
      .safeIntegers()
      .raw()
      .all(),
  ])
  return JSON.stringify({ schema, rows }, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value), 1)
}
