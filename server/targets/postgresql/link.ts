import { CellRefusal, valueInvalid } from '../cells/refusal.ts'
import { pickColumns } from '../columns.ts'
import { quoteName } from '../identifiers.ts'
import type { Cell, Column, LinkBatch } from '../target.ts'
import { comparedAs } from './column-type.ts'
import { encoderOf } from './encode.ts'
import { sameSql } from './read.ts'
import type { Session } from './session.ts'

/** See `LinkBatch`. Two statements, however many owners there are. */
export async function setLinks(session: Session, batch: LinkBatch): Promise<void> {
  const [ownerColumn, otherColumn] = pickColumns(batch.table, [batch.owner, batch.other]) as [Column, Column]
  const wanted = wantedLinks(batch, ownerColumn, otherColumn)
  if (wanted.size === 0) return
  const pairs = [...wanted].flatMap(([owner, others]) => [...others].map((other) => [owner, other] as const))
  const links = [pairs.map(([owner]) => owner), pairs.map(([, other]) => other)]
  const sql = statements(batch, ownerColumn, otherColumn)
  await session.rows(sql.remove, [[...wanted.keys()], ...links])
  if (pairs.length > 0) await session.rows(sql.insert, links)
}

function statements(batch: LinkBatch, ownerColumn: Column, otherColumn: Column): { remove: string; insert: string } {
  const table = quoteName(batch.table.name)
  const [owner, other] = [quoteName(batch.owner), quoteName(batch.other)]
  const same = `${sameSql(`t.${owner}`, 'w.owner', ownerColumn)} AND ${sameSql(`t.${other}`, 'w.other', otherColumn)}`
  const earlier = `e.${owner} = t.${owner} AND e.${other} = t.${other} AND e.ctid < t.ctid`
  return {
    // Links that are there twice are too many as well.
    remove: `DELETE FROM ${table} t USING unnest($1::text[]) AS o(owner) WHERE ${sameSql(`t.${owner}`, 'o.owner', ownerColumn)}
      AND (NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS w(owner, other) WHERE ${same})
        OR EXISTS (SELECT FROM ${table} e WHERE ${earlier}))`,
    insert: `INSERT INTO ${table} (${owner}, ${other})
      SELECT ${assigned('w.owner', ownerColumn)}, ${assigned('w.other', otherColumn)}
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w(owner, other, place)
      WHERE NOT EXISTS (SELECT FROM ${table} t WHERE ${same}) ORDER BY w.place`,
  }
}

/** Text as a value that the column takes. */
function assigned(textSql: string, column: Column): string {
  const type = comparedAs(column) ?? column.sqlType
  return type === '' ? textSql : `${textSql}::${type}`
}

/** The last word on each owner, each link once, in the order given. */
function wantedLinks(batch: LinkBatch, ownerColumn: Column, otherColumn: Column): Map<string, Set<string>> {
  const text = (column: Column, value: Cell): string => {
    try {
      return encoderOf(column)(value as Exclude<Cell, null>)
    } catch (thrown) {
      if (thrown instanceof CellRefusal) throw valueInvalid({ table: batch.table.name, column: column.name, value }, thrown.message, thrown)
      throw thrown
    }
  }
  const entries = batch.links.map(({ owner, others }): [string, Set<string>] => [
    text(ownerColumn, owner),
    new Set(others.map((other) => text(otherColumn, other))),
  ])
  return new Map(entries)
}
