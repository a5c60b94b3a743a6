import type { Column, Table } from '../../../targets/target.ts'
import { findColumn } from './catalog.ts'
import type { Catalog, Reference } from './catalog.ts'
import { findLinks } from './find-links.ts'
import type { LinkPlace } from './find-links.ts'
import { similarName } from './similar-name.ts'

/** What a field of a model is in the target. `parent`: it belongs to the parent of an inherited model, whose own record has it. */
export type FieldTarget =
  | { kind: 'column'; column: Column; reference: Reference | null }
  | { kind: 'links'; links: LinkPlace }
  | { kind: 'ignored'; why: 'generated' | 'parent' }
  | { kind: 'missing'; similar: string | null }

/** Finds a field by naming alone: column `f`, column `f_id`, or link table `<table>_<f>`; then the same in the parents of an inherited model. */
export function resolveField(catalog: Catalog, table: Table, model: string, field: string): FieldTarget {
  const column = findColumn(table, field) ?? findColumn(table, `${field}_id`)
  if (column?.generated) return { kind: 'ignored', why: 'generated' }
  if (column) return { kind: 'column', column, reference: catalog.reference(table, column.name) }
  const links = findLinks(catalog, table, model, field)
  if (links) return { kind: 'links', links }
  return resolveInParent(catalog, table, field) ?? { kind: 'missing', similar: similarField(table, field) }
}

/** loaddata writes only the columns of the child, but sets the links of all its fields. */
function resolveInParent(catalog: Catalog, table: Table, field: string): FieldTarget | null {
  const parent = catalog.parent(table)
  if (!parent || parent.table === table) return null
  const found = resolveField(catalog, parent.table, parent.model, field)
  if (found.kind === 'column') return { kind: 'ignored', why: 'parent' }
  return found.kind === 'missing' ? null : found
}

function similarField(table: Table, field: string): string | null {
  const names = table.columns.map((column) => column.name.replace(/_id$/, ''))
  return similarName(field, names)
}
