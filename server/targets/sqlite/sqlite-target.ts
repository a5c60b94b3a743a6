import { transactionState } from '../fence.ts'
import type { Cell, Checkpoint, Fence, Lookup, Page, Table, Target, TargetCapabilities, TargetRows, TargetTransaction } from '../target.ts'
import { announce, hasTable, remove } from './checkpoint.ts'
import { connect, guarded, prepareForWriting } from './connection.ts'
import type { Connection } from './connection.ts'
import { ForeignKeyWatch } from './foreign-keys.ts'
import { findLists, readPage } from './read.ts'
import { countTables, readTables } from './schema.ts'
import { SqliteTransaction } from './transaction.ts'
import { Writers } from './writers.ts'

const capabilities: TargetCapabilities = { dialect: 'sqlite', transactionalDdl: true, sequences: false, enforcesTypes: false, nulInText: true }

/** Opens the SQLite file of a target; it is made when it is not there. Throws `target_unreachable`. */
export function openSqlite(file: string): Target {
  return new SqliteTarget(connect(file))
}

class SqliteTarget implements Target {
  readonly capabilities = capabilities
  readonly #connection: Connection
  readonly #watch: ForeignKeyWatch
  readonly #writers: Writers
  #journalBefore: string | null = null
  #busy = false

  constructor(connection: Connection) {
    this.#connection = connection
    this.#watch = new ForeignKeyWatch(connection)
    this.#writers = new Writers(connection, this.#watch)
  }

  async probe(): Promise<{ version: string; tables: number }> {
    const version = guarded(() => this.#connection.prepare<[], string>('SELECT sqlite_version()').pluck().get())
    return { version: `SQLite ${version}`, tables: countTables(this.#connection) }
  }

  async readSchema(): Promise<Table[]> {
    return readTables(this.#connection).map(({ name, columns, primaryKey, uniqueKeys, foreignKeys }) => ({
      name,
      columns,
      primaryKey,
      uniqueKeys,
      foreignKeys,
    }))
  }

  async readRows(table: Table, page: Page): Promise<TargetRows> {
    return guarded(() => readPage(this.#connection, table, page))
  }

  async look(lookup: Lookup): Promise<Cell[][][]> {
    return guarded(() => findLists(this.#connection, lookup))
  }

  async claim(fence: Fence): Promise<Checkpoint | null> {
    return this.#alone(() => announce(this.#connection, fence))
  }

  async begin(fence: Fence): Promise<TargetTransaction> {
    this.#prepare()
    this.#busy = true
    const ended = (): void => {
      this.#busy = false
    }
    return new SqliteTransaction(fence, { connection: this.#connection, watch: this.#watch, writers: this.#writers, ended })
  }

  async forget(importId: string): Promise<void> {
    if (!guarded(() => hasTable(this.#connection))) return
    this.#alone(() => {
      if (hasTable(this.#connection)) remove(this.#connection, importId)
    })
  }

  async close(): Promise<void> {
    if (!this.#connection.open) return
    if (this.#journalBefore !== null && !this.#busy) this.#restoreJournal(this.#journalBefore)
    this.#connection.close()
  }

  /** A short transaction of its own that holds the write lock. */
  #alone<T>(work: () => T): T {
    this.#prepare()
    return guarded(() => this.#connection.transaction(work).immediate())
  }

  #prepare(): void {
    if (this.#busy) throw transactionState(true)
    this.#journalBefore ??= prepareForWriting(this.#connection)
  }

  /** The file is left as it came. Another connection that is open keeps it as it is, and that is no harm. */
  #restoreJournal(mode: string): void {
    if (mode === 'wal') return
    try {
      this.#connection.pragma('busy_timeout = 0')
      this.#connection.pragma(`journal_mode = ${mode}`)
    } catch {
      // In use by others.
    }
  }
}
