import { transactionState } from '../fence.ts'
import type {
  Cell,
  Checkpoint,
  Fence,
  Lookup,
  Page,
  PostgresAddress,
  Table,
  Target,
  TargetCapabilities,
  TargetRows,
  TargetTransaction,
} from '../target.ts'
import { announce, remove } from './checkpoint.ts'
import { findLists, readPage } from './read.ts'
import { countTables, readTables } from './schema.ts'
import { Sessions } from './sessions.ts'
import { PostgresTransaction } from './transaction.ts'

const capabilities: TargetCapabilities = { dialect: 'postgresql', transactionalDdl: true, sequences: true, enforcesTypes: true, nulInText: false }

/** A target in PostgreSQL. It connects when first used, so that is when it throws `target_unreachable` or `target_refused`. */
export function openPostgres(address: PostgresAddress): Target {
  return new PostgresTarget(new Sessions(address))
}

class PostgresTarget implements Target {
  readonly capabilities = capabilities
  readonly #sessions: Sessions
  #busy = false

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  async probe(): Promise<{ version: string; tables: number }> {
    return await this.#sessions.use(async (session) => {
      const [row] = await session.rows('SHOW server_version')
      return { version: `PostgreSQL ${row?.[0]?.split(' ')[0]}`, tables: await countTables(session) }
    })
  }

  async readSchema(): Promise<Table[]> {
    return await this.#sessions.use(readTables)
  }

  async readRows(table: Table, page: Page): Promise<TargetRows> {
    return await this.#sessions.use(async (session) => await readPage(session, table, page))
  }

  async look(lookup: Lookup): Promise<Cell[][][]> {
    return await this.#sessions.use(async (session) => await findLists(session, lookup))
  }

  async claim(fence: Fence): Promise<Checkpoint | null> {
    return await this.#sessions.use(async (session) => await announce(session, fence))
  }

  async begin(fence: Fence): Promise<TargetTransaction> {
    if (this.#busy) throw transactionState(true)
    this.#busy = true
    const ended = (): void => {
      this.#busy = false
    }
    try {
      return await PostgresTransaction.begin(this.#sessions, fence, ended)
    } catch (thrown) {
      ended()
      throw thrown
    }
  }

  async forget(importId: string): Promise<void> {
    await this.#sessions.use(async (session) => await remove(session, importId))
  }

  async close(): Promise<void> {
    await this.#sessions.close()
  }
}
