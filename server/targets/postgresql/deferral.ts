import { AppError } from '../../errors.ts'
import { quoteName } from '../identifiers.ts'
import { sqlState } from './errors.ts'
import type { Session } from './session.ts'

const strictKeys = `SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f' AND conparentid = 0 AND NOT condeferrable ORDER BY conname`
const notOwner = '42501'

type Strict = { table: string; constraint: string }

/**
 * Foreign keys that are checked at once are made to wait for the end of the transaction, since rows come in any order, and set back before it. That takes
 * the rights of the table's owner; without them such a key stays as it is and refuses at once.
 */
export class Deferral {
  readonly #session: Session
  readonly #changed: Strict[] = []
  readonly #seen = new Set<string>()

  constructor(session: Session) {
    this.#session = session
  }

  /** To be called before the first row goes into a table: later the table is in use. */
  async defer(table: string): Promise<void> {
    if (this.#seen.has(table)) return
    this.#seen.add(table)
    for (const [constraint] of await this.#session.rows(strictKeys, [quoteName(table)])) {
      if (await this.#alter({ table, constraint: constraint ?? '' })) this.#changed.push({ table, constraint: constraint ?? '' })
    }
  }

  /** What was changed since, in a savepoint, is undone by the database: it is looked at again. */
  undone(changedBefore: number): void {
    this.#changed.length = Math.min(this.#changed.length, changedBefore)
    this.#seen.clear()
    for (const { table } of this.#changed) this.#seen.add(table)
  }

  get changed(): number {
    return this.#changed.length
  }

  /** Sets back what was changed, when nothing waits to be checked any more. */
  async restore(): Promise<void> {
    for (const { table, constraint } of this.#changed) {
      await this.#session.run(`ALTER TABLE ${quoteName(table)} ALTER CONSTRAINT ${quoteName(constraint)} NOT DEFERRABLE`)
    }
  }

  async #alter({ table, constraint }: Strict): Promise<boolean> {
    await this.#session.run('SAVEPOINT intake_deferral')
    try {
      await this.#session.run(
        `ALTER TABLE ${quoteName(table)} ALTER CONSTRAINT ${quoteName(constraint)} DEFERRABLE INITIALLY DEFERRED; RELEASE intake_deferral`,
      )
      return true
    } catch (thrown) {
      if (!(thrown instanceof AppError) || sqlState(thrown) !== notOwner) throw thrown
      await this.#session.run('ROLLBACK TO intake_deferral; RELEASE intake_deferral')
      return false
    }
  }
}
