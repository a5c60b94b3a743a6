import type { Cell } from '../../../targets/target.ts'
import type { Entity } from '../schema/tables.ts'

/** Said of a column: a value, null to clear it, undefined when nothing is said. */
export type Said = Cell | undefined

/** What a record says of one row. */
export type RowChange = {
  entity: Entity
  /** Its key, without the source. */
  key: Cell[]
  /** In the order of the table's data columns. */
  values: Said[]
  /** Undefined: nothing is said, and a row that was deleted and is spoken of again is there again. */
  deleted?: boolean
  /** Only for what is not there yet: what is there is left as it is. */
  ifMissing?: boolean
}

/**
 * What a record says of a list of its own. `whole`: the list is these items and no others. `stated`: items with the first key columns of one that is
 * stated are replaced by those stated, others stay; an empty list clears it.
 */
export type ListChange = { entity: Entity; owner: Cell[]; mode: 'whole' | 'stated'; items: { key: Cell[]; values: Cell[] }[] }

export type Change = { rows: RowChange[]; lists: ListChange[] }
