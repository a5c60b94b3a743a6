import type { Cell, Table } from '../../../targets/target.ts'
import type { NaturalFinder } from '../natural/natural-finder.ts'
import type { FixtureRecord } from '../record.ts'
import type { LinkPlace } from '../schema/find-links.ts'

/** How rows are written: they go to the target together when this object is the same. */
export type RowShape = {
  table: Table
  columns: string[]
  /** The key by which a row that is there is found and changed; without it every row is inserted. */
  key: string[] | null
  /** Where the columns of `key` stand among `columns`. */
  keyAt: number[]
  /** Where the primary key stands among `columns`; null when the database gives it. */
  primaryAt: number[] | null
}

/** The links of one many-to-many field of a record. */
export type DraftLinks = { place: LinkPlace; others: Cell[] }

/** A cell that stands for the row with a natural key, and is not filled before that row is found. */
export type Wait = { finder: NaturalFinder; list: unknown[]; field: string; into: Cell[]; at: number; optional: boolean }

/** One record on its way to rows. */
export type Draft = {
  ordinal: number
  record: FixtureRecord
  label: string
  /** The ways to write it, the best first: the first whose key cells all have values. The last has no key or always fits. */
  shapes: RowShape[]
  cells: Cell[]
  links: DraftLinks[] | null
  waits: Wait[] | null
}

/** The way in which a draft is written, now that its cells are filled. */
export function shapeOf(draft: Draft): RowShape {
  const { shapes, cells } = draft
  for (const shape of shapes) if (shape.keyAt.every((at) => cells[at] !== null)) return shape
  return shapes.at(-1) as RowShape
}

/** Rows of a draft: its own, and one for each link. */
export function rowsOf(draft: Draft): number {
  let rows = 1
  for (const { others } of draft.links ?? []) rows += others.length
  return rows
}

/** What tells the row of a draft from others of its table; null when the database will give it a key. */
export function keyOf(draft: Draft): string | null {
  const { key, keyAt } = shapeOf(draft)
  if (!key) return null
  const [only = 0] = keyAt
  return keyAt.length === 1 ? String(draft.cells[only]) : JSON.stringify(keyAt.map((at) => String(draft.cells[at])))
}

/** The primary key of a draft, when the record names it. */
export function primaryKeyOf(draft: Draft): Cell[] | null {
  const { primaryAt } = shapeOf(draft)
  return primaryAt && primaryAt.map((at) => draft.cells[at] ?? null)
}
