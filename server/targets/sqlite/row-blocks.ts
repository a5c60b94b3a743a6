import { quoteName } from '../identifiers.ts'
import type { Connection, Statement } from './connection.ts'
import type { SqliteValue } from './encode.ts'

/** Rows that one statement takes. Each statement looks at the table's last number and keeps a journal of its own, so that single rows cost more. */
const sizes = [1000, 250, 60]
/** SQLite takes 32,766, and becomes slower long before. */
const mostParameters = 4000

const savepoint = quoteName('intake rows')

/** Values by the names of their parameters. */
export type NamedValues = Record<string, SqliteValue>

/** Statements that store many rows of the same columns at a time, each prepared when it is first needed. */
export class RowBlocks {
  readonly #connection: Connection
  readonly #sqlFor: (rows: number) => string
  readonly #sizes: number[]
  readonly #statements = new Map<number, Statement>()

  /** `sqlFor` writes the statement for a number of rows of so many values each. */
  constructor(connection: Connection, width: number, sqlFor: (rows: number) => string) {
    this.#connection = connection
    this.#sqlFor = sqlFor
    this.#sizes = sizes.filter((size) => size * width <= mostParameters)
  }

  /** How many of the rows that are left the next statement can take: at least one. */
  next(left: number): number {
    for (const size of this.#sizes) if (size <= left) return size
    return 1
  }

  store(rows: number, values: SqliteValue[], named: NamedValues): void {
    this.#statement(rows).run(values, named)
  }

  /** Does all of the work or nothing; answers whether it did. Throws what undid the whole transaction: nothing may be written after that. */
  whole(work: () => void): boolean {
    this.#connection.exec(`SAVEPOINT ${savepoint}`)
    try {
      work()
    } catch (thrown) {
      if (!this.#connection.inTransaction) throw thrown
      this.#connection.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`)
      return false
    }
    this.#connection.exec(`RELEASE ${savepoint}`)
    return true
  }

  #statement(rows: number): Statement {
    const known = this.#statements.get(rows)
    if (known) return known
    const statement = this.#connection.prepare(this.#sqlFor(rows))
    this.#statements.set(rows, statement)
    return statement
  }
}
