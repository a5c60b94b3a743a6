import type { Cell } from '../../../targets/target.ts'
import type { Reference } from '../schema/catalog.ts'

/** Changes a key as a file has it into the one that the same row has in the target. */
export type Renaming = (cell: Cell) => Cell

/**
 * Keys of rows that are there under another key, by table: content types and permissions, which Django makes by itself in every migrated database.
 * Empty until the load begins; what it gives out works with what is set later.
 */
export class Identities {
  readonly #keys = new Map<string, Map<string, Cell>>()

  /** The renaming of a column that refers to a table, or is its key; null when its keys are never renamed. */
  renaming({ table, column }: Reference): Renaming | null {
    if (table.primaryKey[0] !== column) return null
    const keys = this.#keys.get(table.name)
    return keys ? (cell) => (keys.size === 0 ? cell : (keys.get(String(cell)) ?? cell)) : null
  }

  /** From now on `renaming` answers for this table; called before anything is compiled. */
  open(table: string): void {
    this.#keys.set(table, new Map())
  }

  set(table: string, from: Cell, to: Cell): void {
    this.#keys.get(table)?.set(String(from), to)
  }
}
