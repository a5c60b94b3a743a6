import { quoteName } from '../identifiers.ts'
import type { Connection, Statement } from './connection.ts'
import type { SqliteValue } from './encode.ts'

/** Rows that one statement takes. Each statement looks at the table's last number and keeps a journal of its own, so few of many rows are faster. */
const sizes = [4000, 1000, 250, 60]
/** SQLite takes 32,766. */
const mostParameters = 32_000

const savepoint = quoteName('intake rows')

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

  /** How many of the rows that are left the next statement can take; 0: they are to be stored one by one. */
  next(left: number): number {
    for (const size of this.#sizes) if (size <= left) return size
    return 0
  }

  /** Stores all rows of a block or none of them. Answers whether it did: which row is at fault shows when they are stored one by one. */
  run(rows: number, values: SqliteValue[]): boolean {
    const statement = this.#statement(rows)
    this.#connection.exec(`SAVEPOINT ${savepoint}`)
    try {
      statement.run(values)
    } catch (thrown) {
      // Some errors undo the whole transaction: nothing may be written after them.
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
