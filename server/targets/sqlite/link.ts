import { pickColumns, sameText } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import { compareLinks, wantedLinks } from '../links.ts'
import type { ExistingLink, WantedLinks } from '../links.ts'
import type { Cell, Column, LinkBatch, Table } from '../target.ts'
import type { Connection } from './connection.ts'
import type { StoredValue } from './decode.ts'
import { encoderOf } from './encode.ts'
import type { SqliteValue } from './encode.ts'

/** See `LinkBatch`. What is missing goes through `insert`, which knows how rows of (owner, other) are written. */
export function setLinks(connection: Connection, batch: LinkBatch, insert: (rows: Cell[][]) => void): void {
  const columns = pickColumns(batch.table, [batch.owner, batch.other]) as [Column, Column]
  const wanted = wantedLinks(batch, columns, encoded)
  const { remove, missing } = compareLinks(wanted, existingLinks(connection, batch, wanted))
  if (remove.length > 0) {
    const identity = identityOf(batch.table).map((name) => `${quoteName(name)} = ?`)
    const statement = connection.prepare(`DELETE FROM main.${quoteName(batch.table.name)} WHERE ${identity.join(' AND ')}`)
    for (const key of remove) statement.run(key)
  }
  insert(missing)
}

function encoded(value: Cell, column: Column): SqliteValue {
  return value === null ? null : encoderOf(column)(value)
}

function existingLinks(connection: Connection, batch: LinkBatch, wanted: WantedLinks<SqliteValue>): ExistingLink<StoredValue[]>[] {
  const table = `main.${quoteName(batch.table.name)}`
  if (hasNoLinks(connection, batch, wanted)) return []
  const identity = quoteNames(identityOf(batch.table))
  const select = `SELECT ${quoteName(batch.other)}, ${identity} FROM ${table} WHERE ${quoteName(batch.owner)} = ? ORDER BY ${identity}`
  const statement = connection.prepare<[SqliteValue], StoredValue[]>(select).raw().safeIntegers()
  const found: ExistingLink<StoredValue[]>[] = []
  for (const [ownerText, { owner }] of wanted) {
    for (const [other = null, ...key] of statement.all(owner)) found.push({ owner: ownerText, other: sameText(other), key })
  }
  return found
}

/** Whether none of the owners has a link yet, asked at once: new owners mostly come with keys that lie together. */
function hasNoLinks(connection: Connection, { table, owner }: LinkBatch, wanted: WantedLinks<SqliteValue>): boolean {
  let least = Infinity
  let most = -Infinity
  for (const link of wanted.values()) {
    if (typeof link.owner !== 'number') return false
    least = Math.min(least, link.owner)
    most = Math.max(most, link.owner)
  }
  const name = quoteName(owner)
  return connection.prepare(`SELECT 1 FROM main.${quoteName(table.name)} WHERE ${name} BETWEEN ? AND ? LIMIT 1`).get(least, most) === undefined
}

function identityOf(table: Table): string[] {
  return table.primaryKey.length > 0 ? table.primaryKey : ['rowid']
}
