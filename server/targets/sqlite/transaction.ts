import { referenceMissing, transactionBroken, transactionState } from '../fence.ts'
import type { Cell, Checkpoint, DanglingReference, Fence, LinkBatch, Lookup, Table, TargetTransaction, WriteBatch } from '../target.ts'
import { checkFence, store } from './checkpoint.ts'
import { guarded } from './connection.ts'
import type { Connection } from './connection.ts'
import { createTableSql } from './ddl.ts'
import type { ForeignKeyWatch } from './foreign-keys.ts'
import { setLinks } from './link.ts'
import { findLists, findRows } from './read.ts'
import type { Writers } from './writers.ts'

export type TransactionParts = {
  connection: Connection
  watch: ForeignKeyWatch
  writers: Writers
  /** Called once, when the connection is free again. */
  ended: () => void
}

/** A transaction that holds the write lock of the file from its begin on: while it lives no other attempt can announce itself or write. */
export class SqliteTransaction implements TargetTransaction {
  readonly #connection: Connection
  readonly #fence: Fence
  readonly #watch: ForeignKeyWatch
  readonly #writers: Writers
  readonly #ended: () => void
  #depth = 0
  #open = true
  #broken: unknown = null

  constructor(fence: Fence, { connection, watch, writers, ended }: TransactionParts) {
    this.#connection = connection
    this.#fence = fence
    this.#watch = watch
    this.#writers = writers
    this.#ended = ended
    this.#orEnd(() => {
      connection.exec('BEGIN IMMEDIATE')
      checkFence(connection, fence)
      if (watch.reset()) writers.forget()
    })
  }

  async createTables(tables: Table[]): Promise<void> {
    this.#change(() => {
      for (const table of tables) for (const sql of createTableSql(table)) this.#connection.exec(sql)
      if (this.#watch.refresh()) this.#writers.forget()
    })
  }

  async write(batch: WriteBatch): Promise<void> {
    this.#change(() => this.#writers.write(batch))
  }

  async writeAll(batches: WriteBatch[]): Promise<void> {
    await this.savepoint(async () => {
      for (const batch of batches) await this.write(batch)
    })
  }

  async link(batch: LinkBatch): Promise<void> {
    this.#change(() =>
      setLinks(this.#connection, batch, (rows: Cell[][]) => this.#writers.write({ table: batch.table, columns: [batch.owner, batch.other], rows })),
    )
  }

  async find(lookup: Lookup): Promise<(Cell[] | null)[]> {
    this.#usable()
    return guarded(() => findRows(this.#connection, lookup))
  }

  async findAll(lookup: Lookup): Promise<Cell[][][]> {
    this.#usable()
    return guarded(() => findLists(this.#connection, lookup))
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#usable()
    const name = `intake_${(this.#depth += 1)}`
    this.#connection.exec(`SAVEPOINT ${name}`)
    try {
      const result = await work()
      this.#usable()
      this.#connection.exec(`RELEASE ${name}`)
      return result
    } catch (thrown) {
      if (this.#open && this.#connection.inTransaction) this.#undo(name)
      throw thrown
    } finally {
      this.#depth -= 1
    }
  }

  async danglingReferences(limit: number): Promise<DanglingReference[]> {
    this.#usable()
    return guarded(() => this.#watch.dangling(limit))
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    this.#usable()
    this.#orEnd(() => {
      const [dangling] = this.#watch.dangling(1)
      if (dangling) throw referenceMissing(dangling)
      store(this.#connection, this.#fence, checkpoint)
      this.#connection.exec('COMMIT')
      // A commit to the write-ahead log may be lost with the power; what is said to be done has to be on the disk.
      if (checkpoint.done) this.#connection.pragma('wal_checkpoint(passive)')
    })
    this.#end()
  }

  async rollback(): Promise<void> {
    if (this.#open) this.#end()
  }

  /** A change that is refused leaves the transaction good for nothing but `savepoint` to undo it, as in databases that see to it themselves. */
  #change(work: () => void): void {
    this.#usable()
    try {
      guarded(work)
    } catch (thrown) {
      this.#broken = thrown
      throw thrown
    }
  }

  #undo(savepoint: string): void {
    guarded(() => this.#connection.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`))
    this.#watch.undone()
    this.#broken = null
  }

  #usable(): void {
    if (!this.#open) throw transactionState(false)
    // SQLite itself rolls back when the disk is full or the file can't be written.
    if (this.#broken || !this.#connection.inTransaction) throw transactionBroken(this.#broken)
  }

  #orEnd(work: () => void): void {
    try {
      guarded(work)
    } catch (thrown) {
      this.#end()
      throw thrown
    }
  }

  /** Ends the transaction; what was not committed is undone. */
  #end(): void {
    this.#open = false
    try {
      if (this.#connection.open && this.#connection.inTransaction) this.#connection.exec('ROLLBACK')
    } finally {
      this.#ended()
    }
  }
}
