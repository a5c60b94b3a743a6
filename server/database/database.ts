import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Migrator } from '@mikro-orm/migrations'
import type { SqlEntityManager, SqlMikroORM } from '@mikro-orm/sql'
import type { AppDatabase } from '../config/config.ts'
import { AppError, messageOf } from '../errors.ts'
import { entities } from './entities.ts'
import { migrations as postgresqlMigrations } from './migrations/postgresql/list.ts'
import { migrations as sqliteMigrations } from './migrations/sqlite/list.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { tellSqliteErrors } from './sqlite-errors.ts'
import { holdStartLock } from './start-lock.ts'
import { tellUnreachable } from './unreachable.ts'

export type { SqlEntityManager as EntityManager } from '@mikro-orm/sql'

/** The app database. `em()` is a fresh fork: one for each request, attempt or piece of work. */
export type Database = {
  dialect: AppDatabase['type']
  em(): SqlEntityManager
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the app database and brings its schema up to date. Several processes may do so at once: one of them migrates while the others wait. `whileAlone` runs
 * after that, also by one process at a time: for what the first start makes. Throws AppError `unavailable` when the database can't be reached, another process
 * does not finish within a minute, or a newer version has migrated the database.
 */
export async function openDatabase(
  options: AppDatabase | ({ type: 'postgresql' } & PostgresqlOptions),
  whileAlone: (database: Database) => Promise<void> = async () => {},
): Promise<Database> {
  const release = options.type === 'postgresql' ? await holdStartLock(options.url) : async () => {}
  try {
    const orm = options.type === 'sqlite' ? await openSqlite(options.file) : await openPostgresql(options)
    try {
      await migrate(orm, options.type)
      const database = databaseOf(orm, options.type)
      await whileAlone(database)
      return database
    } catch (thrown) {
      await orm.close(true)
      throw thrown
    }
  } finally {
    await release()
  }
}

function databaseOf(orm: SqlMikroORM, dialect: Database['dialect']): Database {
  return {
    dialect,
    em: () => orm.em.fork(),
    ping: async () => void (await orm.em.fork().getConnection().execute('select 1')),
    close: () => orm.close(true),
  }
}

const migrationLists = { sqlite: sqliteMigrations, postgresql: postgresqlMigrations }

async function migrate(orm: SqlMikroORM, dialect: Database['dialect']): Promise<void> {
  const known = new Set(migrationLists[dialect].map(({ name }) => name))
  const done = await orm.migrator.getExecuted()
  const unknown = done.map(({ name }) => name).filter((name) => !known.has(name))
  if (unknown.length > 0) {
    const names = unknown.join(', ')
    throw new AppError(
      'unavailable',
      `A newer version of Intake has changed the app database (${names}). Start that version here, or restore the backup from before it.`,
      { details: { unknownMigrations: unknown } },
    )
  }
  try {
    await orm.migrator.up()
  } catch (cause) {
    throw new AppError('unavailable', `The app database can’t be brought up to date (${reasonOf(cause)}). Nothing of it was changed.`, { cause })
  }
}

/** The ORM puts the whole statement before the reason. */
function reasonOf(thrown: unknown): string {
  const text = messageOf(thrown)
  return text.slice(text.lastIndexOf('\n') + 1)
}

const shared = {
  entities,
  extensions: [Migrator],
  discovery: { warnWhenNoEntities: false },
  logger: () => undefined,
}

async function openSqlite(file: string): Promise<SqlMikroORM> {
  const { MikroORM } = await import('@mikro-orm/sqlite')
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const orm = await MikroORM.init({
    ...shared,
    dbName: file,
    driverOptions: sqliteDialect(file, tellSqliteErrors),
    migrations: { migrationsList: sqliteMigrations, snapshot: false },
  })
  // Measured: WAL with a late checkpoint alone doubles the row rate; NORMAL loses nothing when the process dies.
  for (const pragma of ['journal_mode=WAL', 'synchronous=NORMAL', 'busy_timeout=5000', 'wal_autocheckpoint=16000']) {
    await orm.em.getConnection().execute(`PRAGMA ${pragma}`)
  }
  return orm
}

const acquireMs = 5000

/**
 * Whoever holds the row of a run keeps others from taking it over. A process that stops in the middle of a transaction loses it after so long, well before
 * the lease of its runs ends.
 */
const longestIdleMs = 10_000

type PostgresqlOptions = { url: string; pool?: number; idleInTransactionMs?: number }

async function openPostgresql({ url, pool = 10, idleInTransactionMs = longestIdleMs }: PostgresqlOptions): Promise<SqlMikroORM> {
  const { MikroORM } = await import('@mikro-orm/postgresql')
  return await MikroORM.init({
    ...shared,
    clientUrl: url,
    pool: { min: 0, max: pool },
    driverOptions: {
      connectionTimeoutMillis: acquireMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      keepAlive: true,
      application_name: 'intake',
      onPoolCreated: tellUnreachable,
    },
    migrations: { migrationsList: postgresqlMigrations, snapshot: false },
  })
}
