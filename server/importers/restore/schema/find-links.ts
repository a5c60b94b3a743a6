import type { Column, Table } from '../../../targets/target.ts'
import { findColumn, plainForeignKeys } from './catalog.ts'
import type { Catalog, Reference } from './catalog.ts'
import { linkTableNames } from './django-models.ts'

/** Where the links of a many-to-many field are kept: `owner` is the column of the model that has the field, `other` that of the other side. */
export type LinkPlace = { table: Table; owner: string; other: Column; reference: Reference | null }

/** A many-to-many field of a model's table: the through table by its name, or one found by its foreign keys when it has a name of its own. */
export function findLinks(catalog: Catalog, table: Table, model: string, field: string): LinkPlace | null {
  const named = catalog.findAny(linkTableNames(table.name, field))
  if (named && named !== table) return linkPlace(catalog, named, table, model)
  const candidates = catalog.tables.flatMap((candidate) => (isPlainLinkTable(candidate) ? (linkPlace(catalog, candidate, table, model) ?? []) : []))
  const related = candidates.filter((place) => !isNamedAfterField(place.table, table) && suitsField(place, field))
  return related.length === 1 ? (related[0] ?? null) : null
}

/** Two foreign keys, and nothing else but a primary key: what Django makes for a field without a through model. */
function isPlainLinkTable(table: Table): boolean {
  const keys = plainForeignKeys(table)
  return (
    keys.length === 2 && table.columns.every((column) => table.primaryKey.includes(column.name) || keys.some((key) => key.column === column.name))
  )
}

/** Whether the table is the one that Django would make for another field of the same model. */
function isNamedAfterField(links: Table, table: Table): boolean {
  return links.name.toLowerCase().startsWith(`${table.name.toLowerCase()}_`)
}

/** Whether the name of the field says what the other side is: `tags` for a table that ends in `tag`, or the link table ends in the field's name. */
function suitsField(place: LinkPlace, field: string): boolean {
  const name = field.toLowerCase()
  const other = place.reference?.table.name.toLowerCase() ?? ''
  return place.table.name.toLowerCase().endsWith(`_${name}`) || singulars(name).some((single) => other === single || other.endsWith(`_${single}`))
}

/** The words that a plural may come from, itself first. */
export function singulars(name: string): string[] {
  const words = [name]
  if (name.endsWith('ies')) words.push(`${name.slice(0, -3)}y`)
  if (name.endsWith('es')) words.push(name.slice(0, -2))
  if (name.endsWith('s')) words.push(name.slice(0, -1))
  return words
}

function linkPlace(catalog: Catalog, links: Table, table: Table, model: string): LinkPlace | null {
  const owner = ownerColumn(links, table, model)
  if (owner === null) return null
  const sides = linkColumns(links).filter((column) => column.name !== owner)
  const other = sides.length === 1 ? sides[0] : undefined
  return other ? { table: links, owner, other, reference: catalog.reference(links, other.name) } : null
}

/** The columns of the two sides: those with a foreign key, or, where none is declared, all but the primary key. */
function linkColumns(links: Table): Column[] {
  const keys = plainForeignKeys(links)
  if (keys.length >= 2) return links.columns.filter((column) => keys.some((key) => key.column === column.name))
  return links.columns.filter((column) => !links.primaryKey.includes(column.name) || links.primaryKey.length > 1)
}

function ownerColumn(links: Table, table: Table, model: string): string | null {
  const own = plainForeignKeys(links).filter((key) => key.table.toLowerCase() === table.name.toLowerCase())
  if (own.length === 1) return own[0]?.column ?? null
  const from = own.find((key) => key.column.startsWith('from_'))
  if (from) return from.column
  const named = findColumn(links, `${model}_id`) ?? findColumn(links, `from_${model}_id`)
  return named?.name ?? own[0]?.column ?? null
}
