import type { Table } from '../../../targets/target.ts'
import { plainForeignKeys } from '../schema/catalog.ts'
import { knownNaturalKey } from '../schema/django-models.ts'

/** Keys of more columns are tried in two orders only. */
const mostPermuted = 4

/**
 * The orders in which `natural_key()` may give the columns of a unique key, the likeliest first: that of django.contrib where it is known and then alone;
 * else the order of the key, then the plain columns before the foreign keys, then any other.
 */
export function keyOrders(table: Table, key: string[]): string[][] {
  const known = knownNaturalKey(table.name)
  if (known && known.length === key.length && key.every((column) => known.includes(column))) return [[...known]]
  const foreign = new Set(plainForeignKeys(table).map((reference) => reference.column))
  const plainFirst = [...key.filter((column) => !foreign.has(column)), ...key.filter((column) => foreign.has(column))]
  const orders = [key, plainFirst, ...(key.length <= mostPermuted ? permutations(key) : [])]
  return [...new Map(orders.map((order) => [order.join('\0'), order])).values()]
}

function permutations(items: string[]): string[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

/** The keys that a row may be found by: unique ones, then a primary key that is more than a number which the database gave. */
export function naturalCandidates(table: Table): string[][] {
  const numbered = table.primaryKey.length === 1 && table.columns.some((column) => column.name === table.primaryKey[0] && column.type === 'integer')
  return table.primaryKey.length === 0 || numbered ? table.uniqueKeys : [...table.uniqueKeys, table.primaryKey]
}
