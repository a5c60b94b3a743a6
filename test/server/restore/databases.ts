import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { openTarget } from '../../../server/targets/registry.ts'
import type { Target } from '../../../server/targets/target.ts'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { PostgresCopies, postgresDatabase } from './postgres-copies.ts'
import { withoutDates } from './test-database.ts'
import type { Rows, TestDatabase } from './test-database.ts'

/** The databases that a test is run on. `folder` is what the samples call them. */
export const dialects = [
  { name: 'SQLite', folder: 'sqlite', available: true },
  { name: 'PostgreSQL', folder: 'pg', available: hasPostgres },
] as const

export type DialectName = (typeof dialects)[number]['name']

/** Makes databases, and the server that they need. What a script makes is made once and copied. */
export class Databases {
  readonly #name: DialectName
  readonly #open: TestDatabase[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'intake-restore-'))
  readonly #rows = new Map<string, Promise<Rows>>()
  readonly #files = new Map<string, string>()
  #postgres: TestPostgres | null = null
  #copies: PostgresCopies | null = null
  #count = 0

  constructor(name: DialectName) {
    this.#name = name
  }

  /** A database in which the script was run: the path of one, packed or not, or SQL itself. */
  async create(script = ''): Promise<TestDatabase> {
    const database = this.#name === 'SQLite' ? this.#sqlite(script) : await this.#postgresCopy(script)
    this.#open.push(database)
    return database
  }

  /** The rows that a script makes. */
  async rowsOf(script: string): Promise<Rows> {
    const known = this.#rows.get(script) ?? this.create(script).then(async (database) => await database.rows())
    this.#rows.set(script, known)
    return structuredClone(await known)
  }

  async close(): Promise<void> {
    for (const database of this.#open.splice(0)) await database.close()
  }

  async stop(): Promise<void> {
    await this.close()
    await this.#copies?.drop()
    await this.#postgres?.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #sqlite(script: string): TestDatabase {
    const template = this.#files.get(script) ?? this.#sqliteFile(script)
    this.#files.set(script, template)
    const file = join(this.#folder, `${(this.#count += 1)}.db`)
    copyFileSync(template, file)
    return sqliteDatabase(file)
  }

  #sqliteFile(script: string): string {
    const file = join(this.#folder, `template-${this.#files.size}.db`)
    using(file, (database) => {
      database.unsafeMode().pragma('synchronous = off')
      const sql = scriptOf(script).replace('CREATE TABLE sqlite_sequence(name,seq);', '')
      database.exec(/^BEGIN/m.test(sql) ? sql : `BEGIN; ${sql}; COMMIT`)
    })
    return file
  }

  async #postgresCopy(script: string): Promise<TestDatabase> {
    this.#postgres ??= await startPostgres()
    if (!this.#postgres) throw new Error('there is no PostgreSQL')
    this.#copies ??= new PostgresCopies(this.#postgres)
    return postgresDatabase(await this.#copies.copy(script, scriptOf))
  }
}

function scriptOf(script: string): string {
  if (!/\.sql(\.gz)?$/.test(script)) return script
  const bytes = readFileSync(script)
  return (script.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

function using<T>(file: string, work: (database: Database.Database) => T): T {
  const database = new Database(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

function sqliteDatabase(file: string): TestDatabase {
  const targets: Target[] = []
  return {
    dialect: 'sqlite',
    target: async () => {
      const target = await openTarget({ dialect: 'sqlite', file })
      targets.push(target)
      return target
    },
    run: async (sql) => using(file, (database) => void database.exec(sql)),
    rows: async () => using(file, sqliteRows),
    query: async (sql) => using(file, (database) => database.prepare<[], unknown[]>(sql).raw().all()),
    close: async () => {
      for (const target of targets) await target.close()
      for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
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
