import Database from 'better-sqlite3'
import type { Connection, Statement } from './connection.ts'
import type { StoredValue } from './decode.ts'

/** The rows as they stood before the transaction, seen by a second connection: what was so then is not of the transaction's making. */
export class CommittedRows {
  readonly #file: string
  #connection: Connection | null = null
  readonly #statements = new Map<string, Statement>()

  constructor(writing: Connection) {
    this.#file = writing.name
  }

  /** Whether a query found something. */
  have(sql: string, values: StoredValue[]): boolean {
    try {
      return this.#statement(sql).get(values) !== undefined
    } catch {
      // A table that the transaction made, or a file that nobody else can read now: nothing is known of before.
      return false
    }
  }

  close(): void {
    this.#connection?.close()
    this.#connection = null
  }

  #statement(sql: string): Statement {
    this.#connection ??= new Database(this.#file, { readonly: true, timeout: 0 })
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#connection.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
