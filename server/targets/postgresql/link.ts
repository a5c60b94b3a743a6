import { pickColumns } from '../columns.ts'
import { quoteName } from '../identifiers.ts'
import { compareLinks, wantedLinks } from '../links.ts'
import type { ExistingLink } from '../links.ts'
import { CellRefusal } from '../cells/refusal.ts'
import type { Cell, Column, LinkBatch } from '../target.ts'
import { encoderOf } from './encode.ts'
import { sameSql } from './read.ts'
import type { Session } from './session.ts'

/** Where a row lies: table (or partition) and place in it. */
type RowPlace = { table: string; place: string }

/** See `LinkBatch`. Three statements at most, however many owners there are; what is missing goes through `insert`. */
export async function setLinks(session: Session, batch: LinkBatch, insert: (rows: Cell[][]) => Promise<void>): Promise<void> {
  const columns = pickColumns(batch.table, [batch.owner, batch.other]) as [Column, Column]
  const wanted = wantedLinks(batch, columns, encoded)
  if (wanted.size === 0) return
  const { remove, missing } = compareLinks(wanted, await existingLinks(session, batch, columns[0], [...wanted.keys()]))
  if (remove.length > 0) {
    const sql = `DELETE FROM ${quoteName(batch.table.name)} t USING unnest($1::oid[], $2::tid[]) AS r(relation, place)
      WHERE t.ctid = r.place AND t.tableoid = r.relation`
    await session.rows(sql, [remove.map(({ table }) => table), remove.map(({ place }) => place)])
  }
  await insert(missing)
}

function encoded(value: Cell, column: Column): string {
  if (value === null) throw new CellRefusal('a link leads to something')
  return encoderOf(column)(value)
}

async function existingLinks(session: Session, batch: LinkBatch, ownerColumn: Column, owners: string[]): Promise<ExistingLink<RowPlace>[]> {
  if (await haveNoLinks(session, batch, ownerColumn, owners)) return []
  const sql = `SELECT o.at, t.${quoteName(batch.other)}, t.tableoid, t.ctid FROM unnest($1::text[]) WITH ORDINALITY AS o(owner, at)
    JOIN ${quoteName(batch.table.name)} t ON ${sameSql(`t.${quoteName(batch.owner)}`, 'o.owner', ownerColumn)} ORDER BY t.tableoid, t.ctid`
  const rows = await session.rows(sql, [owners])
  return rows.map(([at, other, table, place]) => ({
    owner: owners[Number(at) - 1] ?? '',
    other: String(other),
    key: { table: String(table), place: String(place) },
  }))
}

/** Whether none of the owners has a link yet, asked at once: new owners mostly come with keys that lie together. */
async function haveNoLinks(session: Session, { table }: LinkBatch, column: Column, owners: string[]): Promise<boolean> {
  const numbers = owners.map(Number)
  if (column.type !== 'integer' || !numbers.every(Number.isSafeInteger)) return false
  const least = numbers.reduce((a, b) => Math.min(a, b))
  const most = numbers.reduce((a, b) => Math.max(a, b))
  const name = quoteName(column.name)
  // The order has the index of the foreign key used, whatever is known of a table that has just been filled.
  const sql = `SELECT 1 FROM ${quoteName(table.name)} WHERE ${name} BETWEEN $1::bigint AND $2::bigint ORDER BY ${name} LIMIT 1`
  return (await session.rows(sql, [least, most])).length === 0
}
