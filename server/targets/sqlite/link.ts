import { CellRefusal, valueInvalid } from '../cells/refusal.ts'
import { pickColumns, sameText } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, LinkBatch, Table } from '../target.ts'
import type { Connection } from './connection.ts'
import type { StoredValue } from './decode.ts'
import { encoderOf } from './encode.ts'
import type { SqliteValue } from './encode.ts'

/** What a link table holds for one owner: by the text of the other side the keys of the rows that say so. */
type Existing = Map<string, StoredValue[][]>

/** See `LinkBatch`. Inserts go through `insert`, which knows how rows of (owner, other) are written. */
export function setLinks(connection: Connection, batch: LinkBatch, insert: (rows: Cell[][]) => void): void {
  const [ownerColumn, otherColumn] = pickColumns(batch.table, [batch.owner, batch.other]) as [Column, Column]
  const wanted = wantedLinks(batch, ownerColumn, otherColumn)
  const existing = existingLinks(
    connection,
    batch,
    [...wanted.values()].map((links) => links.owner),
  )
  const identity = identityOf(batch.table).map((name) => `${quoteName(name)} = ?`)
  const remove = connection.prepare(`DELETE FROM main.${quoteName(batch.table.name)} WHERE ${identity.join(' AND ')}`)
  const missing: Cell[][] = []
  for (const [ownerText, { owner, others }] of wanted) {
    const there: Existing = existing.get(ownerText) ?? new Map()
    for (const [otherText, keys] of there) for (const key of keys.slice(others.has(otherText) ? 1 : 0)) remove.run(key)
    for (const [otherText, other] of others) if (!there.has(otherText)) missing.push([owner, other])
  }
  insert(missing)
}

/** The last word on each owner, each link once, in the order given. The texts are those of the values as they are stored. */
function wantedLinks(
  batch: LinkBatch,
  ownerColumn: Column,
  otherColumn: Column,
): Map<string, { owner: SqliteValue; others: Map<string, SqliteValue> }> {
  const wanted = new Map<string, { owner: SqliteValue; others: Map<string, SqliteValue> }>()
  for (const link of batch.links) {
    const owner = stored(batch, ownerColumn, link.owner)
    const others = new Map<string, SqliteValue>()
    for (const cell of link.others) {
      const other = stored(batch, otherColumn, cell)
      others.set(sameText(other), other)
    }
    wanted.set(sameText(owner), { owner, others })
  }
  return wanted
}

function stored(batch: LinkBatch, column: Column, value: Cell): SqliteValue {
  if (value === null) return null
  try {
    return encoderOf(column)(value)
  } catch (thrown) {
    if (thrown instanceof CellRefusal) throw valueInvalid({ table: batch.table.name, column: column.name, value }, thrown.message, thrown)
    throw thrown
  }
}

function existingLinks(connection: Connection, batch: LinkBatch, owners: SqliteValue[]): Map<string, Existing> {
  const found = new Map<string, Existing>()
  const table = `main.${quoteName(batch.table.name)}`
  if (connection.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined) return found
  const identity = quoteNames(identityOf(batch.table))
  const select = `SELECT ${quoteName(batch.other)}, ${identity} FROM ${table} WHERE ${quoteName(batch.owner)} = ? ORDER BY ${identity}`
  const statement = connection.prepare<[SqliteValue], StoredValue[]>(select).raw().safeIntegers()
  for (const owner of owners) {
    const links: Existing = new Map()
    for (const [other = null, ...key] of statement.iterate(owner)) links.set(sameText(other), [...(links.get(sameText(other)) ?? []), key])
    if (links.size > 0) found.set(sameText(owner), links)
  }
  return found
}

function identityOf(table: Table): string[] {
  return table.primaryKey.length > 0 ? table.primaryKey : ['rowid']
}
