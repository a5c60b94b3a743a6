import type { Table } from '../../../targets/target.ts'
import type { Catalog, Reference } from '../schema/catalog.ts'
import { keyOrders, naturalCandidates } from './key-order.ts'

/** One column of a natural key: the elements of the list that it takes, and where it refers to when they are the natural key of another row. */
export type Part = { column: string; from: number; size: number; nested: boolean; reference: Reference | null }

/** One way to read the list of a natural key: the row of `table` whose columns are the parts; `select` is what the reference wants of it. */
export type Reading = { table: Table; select: string; parts: Part[] }

const deepest = 3
const mostReadings = 48

/**
 * Every way to read a natural key of this form (`s` for a scalar, `l` for a list within) as a row of the referenced table, the likeliest first. Foreign
 * keys within a unique key stand for the natural key of the row they refer to, flat as Django writes it or nested; an inherited model may have its key in
 * the parent's table.
 */
export function readingsOf(catalog: Catalog, reference: Reference, form: string): Reading[] {
  const readings: Reading[] = []
  for (let place: Reference | null = reference, depth = 0; place && depth < deepest; place = parentPlace(catalog, place), depth += 1) {
    for (const key of naturalCandidates(place.table)) {
      for (const order of keyOrders(place.table, key)) {
        for (const parts of divide(catalog, place.table, order, form, 0)) readings.push({ table: place.table, select: place.column, parts })
      }
    }
  }
  return readings.slice(0, mostReadings)
}

function parentPlace(catalog: Catalog, { table, column }: Reference): Reference | null {
  if (table.primaryKey[0] !== column) return null
  const parent = catalog.parent(table)
  return parent && parent.table !== table ? { table: parent.table, column: parent.column } : null
}

function divide(catalog: Catalog, table: Table, columns: string[], form: string, from: number): Part[][] {
  const [column, ...rest] = columns
  if (column === undefined) return from === form.length ? [[]] : []
  const reference = catalog.reference(table, column)
  return sizes(catalog, reference, form, from).flatMap(({ size, nested, expanded }) => {
    const part = { column, from, size, nested, reference: expanded ? reference : null }
    return divide(catalog, table, rest, form, from + size).map((parts) => [part, ...parts])
  })
}

type Size = { size: number; nested: boolean; expanded: boolean }

function sizes(catalog: Catalog, reference: Reference | null, form: string, from: number): Size[] {
  if (form[from] === 'l') return reference ? [{ size: 1, nested: true, expanded: true }] : []
  const plain = { size: 1, nested: false, expanded: false }
  if (!reference) return [plain]
  const scalars = /^s*/.exec(form.slice(from))?.[0].length ?? 0
  const expansions = [...flatLengths(catalog, reference, deepest)].filter((size) => size <= scalars).toSorted((a, b) => b - a)
  return [...expansions.map((size) => ({ size, nested: false, expanded: true })), plain]
}

/** How many scalars the natural key of a referenced row may have when it is written flat. */
function flatLengths(catalog: Catalog, reference: Reference, depth: number): Set<number> {
  if (depth === 0) return new Set()
  const lengths = new Set<number>()
  for (const key of naturalCandidates(reference.table)) {
    let sums = new Set([0])
    for (const column of key) {
      const inner = catalog.reference(reference.table, column)
      const own = inner ? [1, ...flatLengths(catalog, inner, depth - 1)] : [1]
      sums = new Set([...sums].flatMap((sum) => own.map((length) => sum + length)))
    }
    for (const sum of sums) lengths.add(sum)
  }
  const parent = parentPlace(catalog, reference)
  for (const length of parent ? flatLengths(catalog, parent, depth - 1) : []) lengths.add(length)
  return lengths
}

/** The tables that natural keys of a reference may speak of. */
export function tablesOf(catalog: Catalog, reference: Reference, depth = deepest): Set<string> {
  const tables = new Set<string>()
  if (depth === 0) return tables
  tables.add(reference.table.name)
  const inner = naturalCandidates(reference.table).flatMap((key) => key.flatMap((column) => catalog.reference(reference.table, column) ?? []))
  const parent = parentPlace(catalog, reference)
  for (const other of parent ? [...inner, parent] : inner) for (const name of tablesOf(catalog, other, depth - 1)) tables.add(name)
  return tables
}
