import { Worker } from 'node:worker_threads'
import { AppError } from '../../errors.ts'
import type {
  Cell,
  Checkpoint,
  DanglingReference,
  Table,
  Target,
  TargetAddress,
  TargetCapabilities,
  TargetRows,
  TargetTransaction,
  WriteBatch,
} from '../target.ts'
import { LogKeeper } from '../sqlite/log-keeper.ts'
import { receivedError } from './messages.ts'
import type { Answer, Brought, Call, SentTable } from './messages.ts'

/** Room for what is new and mostly gone soon. */
const youngMb = 16

/**
 * A target that works in a thread of its own, for databases that are no servers: the caller reads on while rows are written. Says what opening it in this
 * thread would.
 */
export async function openApart(address: TargetAddress): Promise<Target> {
  const thread = new TargetThread(address)
  try {
    return targetIn(thread, await thread.ask<TargetCapabilities>({ of: 'thread', name: 'open' }))
  } catch (thrown) {
    await thread.end()
    throw thrown
  }
}

/** Sends calls to the thread, and hands out its answers. */
class TargetThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #numbers = new WeakMap<Table, number>()
  readonly #brought = new WeakMap<WriteBatch[], number>()
  readonly #exited: Promise<void>
  readonly #log: LogKeeper
  #asked = 0
  #tables = 0
  #bringings = 0
  #gone = false

  constructor(address: TargetAddress) {
    this.#log = new LogKeeper(address)
    this.#worker = new Worker(new URL('./thread-body.ts', import.meta.url), {
      workerData: { address },
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
      name: 'target',
    })
    this.#worker.on('message', (answer: Answer) => this.#answered(answer))
    this.#worker.on('error', (cause) => this.#lost(cause))
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve(this.#lost(undefined))))
  }

  async ask<T>(call: Call): Promise<T> {
    if (this.#gone) throw lost(undefined)
    this.#asked += 1
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(this.#asked, waiting)
    this.#worker.postMessage({ id: this.#asked, call })
    return (await waiting.promise) as T
  }

  bring(batches: WriteBatch[]): void {
    this.#bringings += 1
    this.#brought.set(batches, this.#bringings)
    this.#worker.postMessage({ number: this.#bringings, batches: batches.map((batch) => aboutTable(this, batch)) } satisfies Brought)
  }

  async writeAll(batches: WriteBatch[]): Promise<void> {
    const number = this.#brought.get(batches)
    // They are there once.
    this.#brought.delete(batches)
    if (number === undefined) await this.ask({ of: 'transaction', name: 'writeAll', args: [batches.map((batch) => aboutTable(this, batch))] })
    else await this.ask({ of: 'batches', name: 'write', number })
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    // The last commit brings in all that is left, and has to be let do it.
    if (checkpoint.done) await this.#log.rest()
    await this.ask({ of: 'transaction', name: 'commit', args: [checkpoint] })
    if (!checkpoint.done) this.#log.bringIn()
  }

  get isGone(): boolean {
    return this.#gone
  }

  sent(table: Table): SentTable {
    const known = this.#numbers.get(table)
    if (known !== undefined) return { number: known, table: null }
    this.#tables += 1
    this.#numbers.set(table, this.#tables)
    return { number: this.#tables, table }
  }

  async end(): Promise<void> {
    await this.#log.close()
    await this.#worker.terminate()
  }

  async close(): Promise<void> {
    await this.#log.close()
    if (this.#gone) return
    await this.ask({ of: 'target', name: 'close', args: [] })
    await this.#exited
  }

  #answered({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(receivedError(error))
    else waiting?.resolve(value)
  }

  #lost(cause: unknown): void {
    this.#gone = true
    for (const waiting of this.#waiting.values()) waiting.reject(lost(cause))
    this.#waiting.clear()
  }
}

function lost(cause: unknown): AppError {
  return new AppError('target_unreachable', 'The thread in which the database is written to has ended.', { cause })
}

function targetIn(thread: TargetThread, capabilities: TargetCapabilities): Target {
  const ask = async <T>(name: Extract<Call, { of: 'target' }>['name'], ...args: unknown[]): Promise<T> =>
    await thread.ask({ of: 'target', name, args })
  return {
    capabilities,
    probe: async () => await ask('probe'),
    readSchema: async () => await ask('readSchema'),
    readRows: async (table, page) => await ask<TargetRows>('readRows', table, page),
    look: async (lookup) => await ask<Cell[][][]>('look', aboutTable(thread, lookup)),
    claim: async (fence) => await ask<Checkpoint | null>('claim', fence),
    bring: (batches) => thread.bring(batches),
    begin: async (fence) => {
      await ask('begin', fence)
      return transactionIn(thread)
    },
    forget: async (importId) => await ask('forget', importId),
    close: async () => await thread.close(),
  }
}

function aboutTable(thread: TargetThread, { table, ...rest }: { table: Table }): object {
  return { ...rest, sent: thread.sent(table) }
}

function transactionIn(thread: TargetThread): TargetTransaction {
  const ask = async (name: Extract<Call, { of: 'transaction' }>['name'], ...args: unknown[]): Promise<unknown> =>
    await thread.ask({ of: 'transaction', name, args })
  const about = (of: { table: Table }): object => aboutTable(thread, of)
  return {
    createTables: async (tables) => void (await ask('createTables', tables)),
    write: async (batch) => void (await ask('write', about(batch))),
    writeAll: async (batches) => await thread.writeAll(batches),
    link: async (batch) => void (await ask('link', about(batch))),
    find: async (lookup) => (await ask('find', about(lookup))) as (Cell[] | null)[],
    findAll: async (lookup) => (await ask('findAll', about(lookup))) as Cell[][][],
    savepoint: async (work) => await inSavepoint(thread, work),
    danglingReferences: async (limit) => (await ask('danglingReferences', limit)) as DanglingReference[],
    commit: async (checkpoint) => await thread.commit(checkpoint),
    // A thread that is gone has undone it.
    rollback: async () => (thread.isGone ? undefined : void (await ask('rollback'))),
  }
}

async function inSavepoint<T>(thread: TargetThread, work: () => Promise<T>): Promise<T> {
  await thread.ask({ of: 'savepoint', name: 'open' })
  let result: T
  try {
    result = await work()
  } catch (thrown) {
    await thread.ask({ of: 'savepoint', name: 'undo' })
    throw thrown
  }
  await thread.ask({ of: 'savepoint', name: 'release' })
  return result
}
