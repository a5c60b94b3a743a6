import type { Cell, DanglingReference } from '../../../targets/target.ts'
import { primaryKeyOf, shapeOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import { shown } from '../problem.ts'
import type { Problem } from '../problem.ts'

/** References that lead nowhere, to find the records by which they came: by table, columns and values. */
export class DanglingIndex {
  readonly #values = new Map<string, DanglingReference>()
  /** The sets of columns that matter, by table. */
  readonly #columns = new Map<string, string[][]>()

  constructor(references: DanglingReference[]) {
    for (const reference of references) {
      this.#values.set(textOf(reference.table, reference.columns, reference.values), reference)
      const known = this.#columns.get(reference.table) ?? []
      if (!known.some((columns) => columns.join('\0') === reference.columns.join('\0'))) known.push(reference.columns)
      this.#columns.set(reference.table, known)
    }
  }

  /** The reference by which a draft leads nowhere, if it does. */
  of(draft: Draft): DanglingReference | null {
    return this.#ofRow(draft) ?? this.#ofLinks(draft)
  }

  #ofRow(draft: Draft): DanglingReference | null {
    const { table, columns } = shapeOf(draft)
    for (const referring of this.#columns.get(table.name) ?? []) {
      const cells = referring.map((column) => draft.cells[columns.indexOf(column)] ?? null)
      const found = cells.includes(null) ? undefined : this.#values.get(textOf(table.name, referring, cells))
      if (found) return found
    }
    return null
  }

  #ofLinks(draft: Draft): DanglingReference | null {
    for (const { place, others } of draft.links ?? []) {
      if (!this.#columns.has(place.table.name)) continue
      const owner = primaryKeyOf(draft)?.[0]
      const sides = [...others.map((cell) => [place.other.name, cell] as const), ...(owner === undefined ? [] : [[place.owner, owner] as const])]
      for (const [column, cell] of sides) {
        const found = this.#values.get(textOf(place.table.name, [column], [cell]))
        if (found) return found
      }
    }
    return null
  }
}

function textOf(table: string, columns: string[], cells: Cell[]): string {
  return JSON.stringify([table, columns, cells.map(String)])
}

/** Why a record whose reference leads nowhere does not go in. */
export function danglingProblem(draft: Draft, { table, columns, values, references }: DanglingReference, field: string | null): Problem {
  const value = values.map((cell) => shown(typeof cell === 'bigint' ? cell.toString() : cell)).join(', ')
  const where = `table "${references.table}" has no row with ${references.columns.join(', ')} ${value}, and no record of the files makes one`
  const isParent = field === null && shapeOf(draft).table.name === table
  const message = isParent
    ? `The key ${value} is a reference to the parent of the model, and ${where}.`
    : `Field "${field ?? columns.join(', ')}" refers to ${value}, but ${where}.`
  return { code: 'reference_missing', message, details: { table, column: columns.join(', '), value, references: references.table } }
}
