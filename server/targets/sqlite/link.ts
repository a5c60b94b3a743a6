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
  if (connection.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined) return []
  const identity = quoteNames(identityOf(batch.table))
  const select = `SELECT ${quoteName(batch.other)}, ${identity} FROM ${table} WHERE ${quoteName(batch.owner)} = ? ORDER BY ${identity}`
  const statement = connection.prepare<[SqliteValue], StoredValue[]>(select).raw().safeIntegers()
  const found: ExistingLink<StoredValue[]>[] = []
  for (const [ownerText, { owner }] of wanted) {
    for (const [other = null, ...key] of statement.all(owner)) found.push({ owner: ownerText, other: sameText(other), key })
  }
  return found
}

function identityOf(table: Table): string[] {
  return table.primaryKey.length > 0 ? table.primaryKey : ['rowid']
}
