import type { Cell, Column, Table } from '../../../targets/target.ts'
import type { NaturalFinder } from '../natural/natural-finder.ts'
import { notFoundText } from '../natural/natural-finder.ts'
import type { Naturals } from '../natural/naturals.ts'
import { RecordRefused, shown } from '../problem.ts'
import type { Problem } from '../problem.ts'
import type { Catalog, Reference } from '../schema/catalog.ts'
import type { LinkPlace } from '../schema/find-links.ts'
import { resolveField } from '../schema/resolve-field.ts'
import { converterOf } from '../values/convert.ts'
import type { Convert } from '../values/convert.ts'
import { ValueRefused } from '../values/value-refused.ts'
import type { Draft, Wait } from './draft.ts'
import type { Identities } from './identities.ts'

/** What is done with one field of a model. */
export type FieldStep =
  | { kind: 'column'; column: Column; take: (value: unknown, draft: Draft, at: number) => Cell }
  | { kind: 'links'; place: LinkPlace; take: (value: unknown, draft: Draft) => void }
  | { kind: 'ignored'; why: 'generated' | 'parent' }
  | { kind: 'missing'; problem: Problem }

export type StepParts = {
  catalog: Catalog
  naturals: Naturals
  identities: Identities
  /** Told of each moment without a zone. */
  naive: (table: string, column: string) => void
}

/** Compiles what is done with the values of a field. */
export function fieldStep(parts: StepParts, model: { label: string; table: Table; name: string }, field: string): FieldStep {
  const { table } = model
  const target = resolveField(parts.catalog, table, model.name, field)
  if (target.kind === 'ignored') return target
  if (target.kind === 'missing') return { kind: 'missing', problem: missingField(model.label, table, field, target.similar) }
  if (target.kind === 'column') return { kind: 'column', column: target.column, take: columnTake(parts, table, target, field) }
  return { kind: 'links', place: target.links, take: linksTake(parts, target.links, field) }
}

function missingField(label: string, table: Table, field: string, similar: string | null): Problem {
  const hint = similar === null ? '' : ` Was "${similar}" meant?`
  const message = `${label} has a field "${field}", but table "${table.name}" has no column "${field}" or "${field}_id" and no link table for it.${hint} Apply the migrations of the app, or take the field out of the file.`
  return { code: 'column_missing', message, details: { table: table.name, column: field } }
}

/** The cell for the primary key as the record gives it beside its fields. */
export function keyTake(parts: StepParts, table: Table, column: Column): (value: unknown) => Cell {
  const convert = converterOf(column, () => parts.naive(table.name, column.name))
  const rename = parts.identities.renaming({ table, column: column.name })
  const reference = parts.catalog.reference(table, column.name)
  const renameReferred = reference && parts.identities.renaming(reference)
  return (value) => {
    const cell = converted(convert, value, 'pk', table, column)
    return rename ? rename(cell) : renameReferred ? renameReferred(cell) : cell
  }
}

function columnTake(
  parts: StepParts,
  table: Table,
  { column, reference }: { column: Column; reference: Reference | null },
  field: string,
): (value: unknown, draft: Draft, at: number) => Cell {
  const convert = converterOf(column, () => parts.naive(table.name, column.name))
  const rename = reference && parts.identities.renaming(reference)
  const finder = reference && parts.naturals.finder(reference)
  const isKey = table.primaryKey.includes(column.name)
  const takesLists = column.type === 'json' || column.type === 'other'
  return (value, draft, at) => {
    if (value === null || value === undefined) return column.nullable ? null : nothing(field, table, column)
    if (finder && Array.isArray(value) && !takesLists) {
      wait(draft, { finder, list: value, field, into: draft.cells, at, optional: column.nullable && !isKey })
      return null
    }
    const cell = converted(convert, value, field, table, column)
    return rename ? rename(cell) : cell
  }
}

/** A JSON column has a null of its own. */
function nothing(field: string, table: Table, column: Column): Cell {
  if (column.type === 'json') return 'null'
  const message = `Field "${field}" is null, and column "${column.name}" of table "${table.name}" must have a value.`
  throw new RecordRefused({ code: 'not_null_violation', message, details: { table: table.name, column: column.name } })
}

function converted(convert: Convert, value: unknown, field: string, table: Table, column: Column): Cell {
  try {
    return convert(value)
  } catch (thrown) {
    if (!(thrown instanceof ValueRefused)) throw thrown
    const message = `Field "${field}": ${shown(value)} does not fit column "${column.name}" of table "${table.name}" (${column.sqlType || column.type}): ${thrown.message}.`
    throw new RecordRefused({ code: 'value_invalid', message, details: { table: table.name, column: column.name, value: shown(value) } })
  }
}

function linksTake(parts: StepParts, place: LinkPlace, field: string): (value: unknown, draft: Draft) => void {
  const { table, other, reference } = place
  const convert = converterOf(other)
  const rename = reference && parts.identities.renaming(reference)
  const finder = reference && parts.naturals.finder(reference)
  return (value, draft) => {
    if (!Array.isArray(value)) throw notAList(field, value)
    const others: Cell[] = []
    const seen = value.length > 1 ? new Set<unknown>() : null
    for (const item of value) {
      if (item === null) throw notAList(field, value)
      if (Array.isArray(item) && finder) {
        wait(draft, { finder, list: item, field, into: others, at: others.push(null) - 1, optional: true })
        continue
      }
      const cell = converted(convert, item, field, table, other)
      const link = rename ? rename(cell) : cell
      if (seen?.has(link)) continue
      seen?.add(link)
      others.push(link)
    }
    draft.links ??= []
    draft.links.push({ place, others })
  }
}

function notAList(field: string, value: unknown): RecordRefused {
  const what = value === null ? 'null' : shown(value)
  const message = `Field "${field}" is many-to-many and takes a list of keys, not ${what}. An empty list removes the links; without the field they stay as they are.`
  return new RecordRefused({ code: 'value_invalid', message, details: { value: shown(value) } })
}

function wait(draft: Draft, found: Wait): void {
  const { finder, list, field } = found
  if (!finder.canRead(list)) throw unreadable(finder, list, field)
  draft.waits ??= []
  draft.waits.push(found)
}

function unreadable(finder: NaturalFinder, list: unknown[], field: string): RecordRefused {
  const message = `Field "${field}" is the natural key ${shown(list)}, but table "${finder.reference.table.name}" has no unique key that it could be the value of. Dump without --natural-foreign, or make such a key.`
  return new RecordRefused({ code: 'reference_missing', message, details: { table: finder.reference.table.name, value: shown(list) } })
}

/** Why a record whose natural keys were not found anywhere does not go in. */
export function notFound({ finder, list, field }: Wait): Problem {
  const message = `Field "${field}": ${notFoundText(finder.reference, list)}, and no record of the files makes one.`
  return { code: 'reference_missing', message, details: { table: finder.reference.table.name, field, value: shown(list) } }
}
