import { quoteName } from '../identifiers.ts'
import type { Session } from './session.ts'

/** The sequence behind a column: its own, or the one that its default asks. */
const sequenceOf = `SELECT coalesce(pg_get_serial_sequence($1, $2), (SELECT substring(pg_get_expr(d.adbin, d.adrelid) FROM 'nextval\\(''(.+)''::regclass\\)')
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = $1::regclass AND a.attname = $2))`

/** Moves the sequence of a column behind the keys that were written by hand, never back. */
export async function advanceSequence(session: Session, table: string, column: string): Promise<void> {
  const [row] = await session.rows(sequenceOf, [quoteName(table), column])
  const sequence = row?.[0]
  if (!sequence) return
  // The name comes quoted from the database.
  await session.rows(
    `SELECT setval($1::regclass, written.highest) FROM (SELECT max(${quoteName(column)}) AS highest FROM ${quoteName(table)}) written, ${sequence} now,
       (SELECT seqincrement, seqmax FROM pg_sequence WHERE seqrelid = $1::regclass) kind
     WHERE kind.seqincrement > 0 AND written.highest BETWEEN 1 AND kind.seqmax
       AND (written.highest > now.last_value OR (written.highest = now.last_value AND NOT now.is_called))`,
    [sequence],
  )
}
