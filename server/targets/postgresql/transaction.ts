import { AppError } from '../../errors.ts'
import { referenceMissing, transactionBroken, transactionState } from '../fence.ts'
import { columnsOf } from '../columns.ts'
import { quoteName } from '../identifiers.ts'
import type { Cell, Checkpoint, DanglingReference, Fence, LinkBatch, Lookup, Table, TargetTransaction, WriteBatch } from '../target.ts'
import { checkFence, connectionName, store } from './checkpoint.ts'
import { createTablesSql } from './ddl.ts'
import { Deferral } from './deferral.ts'
import { sqlState } from './errors.ts'
import { setLinks } from './link.ts'
import { findLists, findRows } from './read.ts'
import { checkConstraints, findDangling } from './references.ts'
import { advanceSequence } from './sequences.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { Writers } from './writers.ts'

/** A transaction on a connection of its own, with all constraints deferred. It bears its attempt's name, by which a newer attempt finds and ends it. */
export class PostgresTransaction implements TargetTransaction {
  readonly #sessions: Sessions
  readonly #session: Session
  readonly #fence: Fence
  readonly #ended: () => void
  readonly #writers: Writers
  readonly #deferral: Deferral
  readonly #written = new Set<string>()
  /** Table and column of numbers that were written by hand although the database gives them. */
  readonly #numbered = new Map<string, [string, string]>()
  #depth = 0
  #open = true
  #broken: unknown = null

  private constructor(session: Session, sessions: Sessions, fence: Fence, ended: () => void) {
    this.#session = session
    this.#sessions = sessions
    this.#fence = fence
    this.#ended = ended
    this.#writers = new Writers(session)
    this.#deferral = new Deferral(session)
  }

  /** `ended` is called once, when the target may begin another one. */
  static async begin(sessions: Sessions, fence: Fence, ended: () => void): Promise<PostgresTransaction> {
    const session = await sessions.take()
    const transaction = new PostgresTransaction(session, sessions, fence, ended)
    await transaction.#orEnd(async () => {
      const name = connectionName(fence)
      await session.run(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL application_name = ${quoteName(name)}; SET LOCAL random_page_cost = 1.1; SET CONSTRAINTS ALL DEFERRED`,
      )
      await checkFence(session, fence, false)
    })
    return transaction
  }

  async createTables(tables: Table[]): Promise<void> {
    await this.#change(async () => {
      for (const sql of createTablesSql(tables)) await this.#session.run(sql)
    })
  }

  async write(batch: WriteBatch): Promise<void> {
    if (batch.rows.length === 0) return
    await this.#change(async () => await this.#writeRows(batch))
  }

  async writeAll(batches: WriteBatch[]): Promise<void> {
    await this.savepoint(async () => {
      for (const batch of batches) await this.write(batch)
    })
  }

  async link(batch: LinkBatch): Promise<void> {
    const insert = async (rows: Cell[][]): Promise<void> => await this.#writeRows({ table: batch.table, columns: [batch.owner, batch.other], rows })
    await this.#change(async () => await setLinks(this.#session, batch, insert))
  }

  async find(lookup: Lookup): Promise<(Cell[] | null)[]> {
    return await this.#ask(async () => await findRows(this.#session, lookup))
  }

  async findAll(lookup: Lookup): Promise<Cell[][][]> {
    return await this.#ask(async () => await findLists(this.#session, lookup))
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#usable()
    const name = `intake_${(this.#depth += 1)}`
    const before = { writers: this.#writers.count, deferred: this.#deferral.changed }
    await this.#session.run(`SAVEPOINT ${name}`)
    try {
      const result = await work()
      this.#usable()
      await this.#session.run(`RELEASE ${name}`)
      return result
    } catch (thrown) {
      if (this.#open && this.#session.alive) {
        await this.#session.run(`ROLLBACK TO ${name}; RELEASE ${name}`)
        this.#writers.undone(before.writers)
        this.#deferral.undone(before.deferred)
        this.#broken = null
      }
      throw thrown
    } finally {
      this.#depth -= 1
    }
  }

  async danglingReferences(limit: number): Promise<DanglingReference[]> {
    this.#usable()
    if ((await checkConstraints(this.#session)) === null) return []
    return await findDangling(this.#session, this.#written, this.#sessions, limit)
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    this.#usable()
    await this.#orEnd(async () => {
      const refused = await checkConstraints(this.#session)
      if (refused) throw await this.#explained(refused)
      await this.#session.run('SET CONSTRAINTS ALL IMMEDIATE')
      await this.#deferral.restore()
      for (const [table, column] of this.#numbered.values()) await this.#advance(table, column)
      await checkFence(this.#session, this.#fence, true)
      await store(this.#session, this.#fence, checkpoint)
      // A transaction that was broken unnoticed answers COMMIT with ROLLBACK.
      if ((await this.#session.run('COMMIT')) !== 'COMMIT') throw transactionBroken()
    })
    this.#finish()
  }

  async rollback(): Promise<void> {
    if (this.#open) await this.#end()
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    this.#usable()
    try {
      return await question()
    } catch (thrown) {
      if (sqlState(thrown) !== null) this.#broken = thrown
      throw thrown
    }
  }

  /** A change that is refused leaves the transaction good for nothing but to be undone, by `savepoint` or as a whole. */
  async #change<T>(work: () => Promise<T>): Promise<T> {
    this.#usable()
    try {
      return await work()
    } catch (thrown) {
      this.#broken = thrown
      throw thrown
    }
  }

  async #writeRows(batch: WriteBatch): Promise<void> {
    if (batch.rows.length === 0) return
    await this.#touch(batch.table, columnsOf(batch))
    const writer = await this.#writers.get(batch)
    await writer(batch)
  }

  /** Gets ready for rows in a table, and notes what the end of the transaction has to see to. */
  async #touch(table: Table, columns: string[]): Promise<void> {
    await this.#deferral.defer(table.name)
    this.#written.add(table.name)
    const numbered = table.columns.filter(({ autoIncrement }) => autoIncrement).map(({ name }) => name)
    for (const column of numbered) {
      if (columns.includes(column)) this.#numbered.set(JSON.stringify([table.name, column]), [table.name, column])
      else await this.#advance(table.name, column)
    }
  }

  /** Before the database gives numbers itself, it hears of those that were written by hand. */
  async #advance(table: string, column: string): Promise<void> {
    if (this.#numbered.delete(JSON.stringify([table, column]))) await advanceSequence(this.#session, table, column)
  }

  async #explained(refused: AppError): Promise<AppError> {
    if (refused.code !== 'reference_missing') return refused
    const [dangling] = await findDangling(this.#session, this.#written, this.#sessions, 1)
    return dangling ? referenceMissing(dangling) : refused
  }

  #usable(): void {
    if (!this.#open) throw transactionState(false)
    if (this.#broken) throw transactionBroken(this.#broken)
  }

  async #orEnd(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      await this.#end()
      throw thrown
    }
  }

  /** Undoes everything. When the connection is gone, or what came of COMMIT is not known, the database has seen to it. */
  async #end(): Promise<void> {
    try {
      if (this.#session.alive) await this.#session.run('ROLLBACK')
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown
      await this.#session.close()
    } finally {
      this.#finish()
    }
  }

  #finish(): void {
    if (!this.#open) return
    this.#open = false
    this.#sessions.release(this.#session)
    this.#ended()
  }
}
