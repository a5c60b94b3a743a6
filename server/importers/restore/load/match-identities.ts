import type { Cell, Table, TargetTransaction } from '../../../targets/target.ts'
import type { IdentityRecord, IdentityRecords } from '../check/identity-records.ts'
import type { Identities } from '../plan/identities.ts'
import { findColumn } from '../schema/catalog.ts'
import type { Catalog } from '../schema/catalog.ts'
import { contentTypeTable, permissionTable } from '../schema/django-models.ts'
import { converterOf } from '../values/convert.ts'
import { ValueRefused } from '../values/value-refused.ts'

type Row = { pk: Cell; cells: Cell[] }

/**
 * Django makes content types and permissions by itself in every migrated database, under keys of its own. Those of the files are the same by their natural
 * keys: the rows that are there stay, and references to them are renamed for this run. One whose key is taken by another row gets a new key.
 * Answers how many keys are renamed.
 */
export async function matchIdentities(tx: TargetTransaction, catalog: Catalog, records: IdentityRecords, identities: Identities): Promise<number> {
  const types = catalog.find(contentTypeTable)
  const permissions = catalog.find(permissionTable)
  let renamed = 0
  if (types) renamed += await match(tx, types, ['app_label', 'model'], rowsOf(types, ['app_label', 'model'], records.contentTypes), identities)
  if (!permissions) return renamed
  const names = ['content_type_id', 'codename', 'name']
  const rename = types && identities.renaming({ table: types, column: types.primaryKey[0] ?? '' })
  const rows = rowsOf(permissions, names, records.permissions).map(({ pk, cells: [type = null, ...rest] }) => ({
    pk,
    cells: [rename ? rename(type) : type, ...rest],
  }))
  return renamed + (await match(tx, permissions, names, rows, identities))
}

/** Rows of the records that have all of the columns; what is wrong with the others is said when they are loaded. */
function rowsOf(table: Table, names: string[], records: IdentityRecord[]): Row[] {
  const columns = [table.primaryKey[0] ?? '', ...names].map((name) => findColumn(table, name))
  if (columns.includes(null) || table.primaryKey.length !== 1) return []
  const converters = columns.flatMap((column) => (column ? [converterOf(column)] : []))
  return records.flatMap(({ pk, fields }) => {
    const values = [pk, ...names.map((name) => fields[name.replace(/_id$/, '')])]
    try {
      const [key = null, ...cells] = values.map((value, at) => (converters[at] as (value: unknown) => Cell)(value))
      return [{ pk: key, cells }]
    } catch (thrown) {
      if (thrown instanceof ValueRefused) return []
      throw thrown
    }
  })
}

/** The first two of the columns are the natural key. */
async function match(tx: TargetTransaction, table: Table, names: string[], rows: Row[], identities: Identities): Promise<number> {
  if (rows.length === 0) return 0
  const [key = ''] = table.primaryKey
  const by = names.slice(0, 2)
  const find = async (wanted: Row[]): Promise<Cell[]> => {
    const keys = wanted.map(({ cells }) => cells.slice(0, 2))
    return (await tx.find({ table, by, keys, select: [key] })).map((row) => row?.[0] ?? null)
  }
  const there = await find(rows)
  const strange = rows.filter((_, at) => there[at] === null)
  const taken = await tx.find({ table, by: [key], keys: strange.map(({ pk }) => [pk]), select: [key] })
  const homeless = strange.filter((_, at) => taken[at] !== null)
  const free = strange.filter((_, at) => taken[at] === null)
  // Those that keep their keys first: else a new key could be one of them.
  if (free.length > 0) await tx.write({ table, columns: [key, ...names], key: [key], rows: free.map(({ pk, cells }) => [pk, ...cells]) })
  if (homeless.length > 0) await tx.write({ table, columns: names, rows: homeless.map(({ cells }) => cells) })
  const given = await find(homeless)
  const pairs = [...rows.map(({ pk }, at) => [pk, there[at] ?? null] as const), ...homeless.map(({ pk }, at) => [pk, given[at] ?? null] as const)]
  const renamed = pairs.filter(([pk, found]) => found !== null && String(pk) !== String(found))
  for (const [pk, found] of renamed) identities.set(table.name, pk, found)
  return renamed.length
}
