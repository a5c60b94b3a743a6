import { CellRefusal } from '../cells/refusal.ts'
import { pickColumns } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import { severalRows } from '../lookups.ts'
import type { Cell, Column, Lookup, Page, Table, TargetRows } from '../target.ts'
import { comparedAs } from './column-type.ts'
import { decode } from './decode.ts'
import { encoderOf } from './encode.ts'
import type { Encoder } from './encode.ts'
import type { Session, TextRow } from './session.ts'

const countedAtMost = 1_000_000

/** For each key the one row that has it, in one statement. A key that can't be in its column is not there. */
export async function findRows(session: Session, lookup: Lookup): Promise<(Cell[] | null)[]> {
  return (await findLists(session, lookup)).map(([row, another], at) => {
    if (another) throw severalRows(lookup.table, lookup.by, lookup.keys[at] ?? [])
    return row ?? null
  })
}

/** For each key the rows that have it, in one statement. */
export async function findLists(session: Session, { table, by, keys, select }: Lookup): Promise<Cell[][][]> {
  const keyColumns = pickColumns(table, by)
  const columns = pickColumns(table, select)
  const encoders = keyColumns.map(encoderOf)
  const encoded = keys.map((key) => encodeKey(key, encoders))
  const asked = encoded.flatMap((key, at) => (key ? [{ at, key }] : []))
  const found: Cell[][][] = keys.map(() => [])
  if (asked.length === 0) return found
  const parameters = keyColumns.map((_, column) => asked.map(({ key }) => key[column] ?? ''))
  for (const [place, ...cells] of await session.rows(findSql(table, keyColumns, select), parameters)) {
    const at = asked[Number(place) - 1]?.at ?? 0
    found[at]?.push(columns.map((column, index) => decode(cells[index] ?? null, column)))
  }
  return found
}

function findSql(table: Table, keyColumns: Column[], select: string[]): string {
  const parameters = keyColumns.map((_, at) => `$${at + 1}::text[]`)
  const names = keyColumns.map((_, at) => `k${at}`)
  const same = keyColumns.map((column, at) => sameSql(`t.${quoteName(column.name)}`, `k.k${at}`, column))
  const selected = select.map((name) => `t.${quoteName(name)}`)
  return `SELECT ${['k.place', ...selected].join(', ')} FROM unnest(${parameters.join(', ')}) WITH ORDINALITY AS k(${names.join(', ')}, place)
    JOIN ${quoteName(table.name)} t ON ${same.join(' AND ')}`
}

/** A condition that compares a column with text. */
export function sameSql(columnSql: string, textSql: string, column: Column): string {
  const type = comparedAs(column)
  return type === null ? `${columnSql}::text = ${textSql}` : `${columnSql} = ${textSql}::${type}`
}

function encodeKey(key: Cell[], encoders: Encoder[]): string[] | null {
  if (key.includes(null)) return null
  try {
    return encoders.map((encode, at) => encode(key[at] as Exclude<Cell, null>))
  } catch (thrown) {
    if (thrown instanceof CellRefusal) return null
    throw thrown
  }
}

/** A page of a table. Rows are counted up to a million. */
export async function readPage(session: Session, table: Table, page: Page): Promise<TargetRows> {
  const names = page.select ?? table.columns.map((column) => column.name)
  const columns = pickColumns(table, names)
  const { sql, values } = among(table, page, page.search ? await lowerCollation(session) : '')
  const order = [...(page.order ?? []), ...table.primaryKey].map(quoteName)
  const ordered = order.length > 0 ? `ORDER BY ${order.join(', ')}` : ''
  const end = `LIMIT $${values.length + 1} OFFSET $${values.length + 2}`
  const rows = await session.rows(`SELECT ${quoteNames(names)} ${sql} ${ordered} ${end}`, [...values, page.limit, page.offset])
  const [counted] = await session.rows(`SELECT count(*) FROM (SELECT 1 ${sql} LIMIT ${countedAtMost + 1}) counted`, values)
  const total = Number(counted?.[0] ?? 0)
  const decoded = rows.map((row: TextRow) => columns.map((column, at) => decode(row[at] ?? null, column)))
  return { columns: names, rows: decoded, total: total > countedAtMost ? null : total }
}

/** What makes `lower` know all letters: in a database of locale C it knows those of ASCII alone. Nothing where this server has no such collation. */
async function lowerCollation(session: Session): Promise<string> {
  const known = await session.rows(`SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu' AND getdatabaseencoding() = 'UTF8'`, [])
  return known.length > 0 ? ' COLLATE pg_catalog."und-x-icu"' : ''
}

/** `FROM … WHERE …`, and the values in it. */
function among(table: Table, { only = {}, search }: Page, collation: string): { sql: string; values: string[] } {
  const values: string[] = []
  const conditions = pickColumns(table, Object.keys(only)).map((column) => {
    const wanted = only[column.name] ?? null
    if (wanted === null) return `${quoteName(column.name)} IS NULL`
    const same = (Array.isArray(wanted) ? wanted : [wanted]).map((cell) => {
      values.push(encoderOf(column)(cell))
      return sameSql(quoteName(column.name), `$${values.length}`, column)
    })
    return `(${same.join(' OR ')})`
  })
  if (search) {
    const texts = pickColumns(table, search.columns).map(({ name }) => `${quoteName(name)}::text`)
    const text = `lower(concat_ws(E'\\n', ${texts.join(', ')})${collation})`
    conditions.push(...search.words.map((_, at) => `${text} LIKE lower($${values.length + at + 1}${collation})`))
    values.push(...search.words.map((word) => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`))
  }
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  return { sql: `FROM ${quoteName(table.name)}${where}`, values }
}
