import type { Cell } from '../../../targets/target.ts'

/** A row as it was found and as it shall be. One that is not spoken of was only looked whether it is there; one that is `mentioned` shall be there, whatever it is. */
export type RowState = { key: Cell[]; found: FoundRow | null; values: Cell[]; deletedAt: Cell; spokenOf: boolean; mentioned?: boolean }

/** A row in the target, by its data columns. */
export type FoundRow = { values: Cell[]; createdAt: Cell; deletedAt: Cell }

export type Outcome = 'created' | 'changed' | 'unchanged' | 'deleted'

/** What became of a row. One that is deleted and was never there is a deleted one. */
export function outcomeOf({ found, values, deletedAt }: RowState): Outcome {
  if (!found) return deletedAt === null ? 'created' : 'deleted'
  if (deletedAt !== null && found.deletedAt === null) return 'deleted'
  if (deletedAt === null && found.deletedAt !== null) return 'changed'
  return values.every((value, at) => sameCell(value, found.values[at] ?? null)) ? 'unchanged' : 'changed'
}

/** By how many the rows that are there and not deleted become more. */
export function liveDelta({ found, deletedAt }: RowState): number {
  const before = found && found.deletedAt === null ? 1 : 0
  return (deletedAt === null ? 1 : 0) - before
}

/** Two cells are the same when they are written the same way: decimals are kept in their shortest form. */
function sameCell(one: Cell, other: Cell): boolean {
  return one === other || (one !== null && other !== null && String(one) === String(other))
}

/** A key as one text. U+001F does not occur in XML. */
export function keyText(key: Cell[]): string {
  return key.length === 1 ? String(key[0]) : key.join('\u001F')
}
