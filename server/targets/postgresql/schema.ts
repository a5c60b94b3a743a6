import { checkpointTable } from '../identifiers.ts'
import type { Column, ForeignKey, Table } from '../target.ts'
import { describeType } from './column-type.ts'
import type { Session } from './session.ts'

/** Plain tables and parents of partitions that a bare name finds, without those of the server, of extensions and of Intake. */
const ownTables = `c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND pg_catalog.pg_table_is_visible(c.oid)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relname <> '${checkpointTable}'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`
const relations = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`

const everyTable = `SELECT json_agg(json_build_object('oid', c.oid::bigint, 'name', c.relname) ORDER BY c.oid) FROM ${relations} WHERE ${ownTables}`

const everyColumn = `SELECT json_agg(json_build_object('table', a.attrelid::bigint, 'name', a.attname, 'sqlType', format_type(a.atttypid, a.atttypmod),
    'typeName', t.typname, 'modifier', a.atttypmod, 'domainOf', CASE t.typtype WHEN 'd' THEN t.typbasetype::bigint END, 'notNull', a.attnotnull,
    'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated) ORDER BY a.attrelid, a.attnum)
  FROM ${relations} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE ${ownTables}`

const everyDomainBase = `SELECT json_agg(json_build_object('oid', b.oid::bigint, 'typeName', b.typname, 'modifier', t.typtypmod, 'notNull', t.typnotnull,
    'domainOf', CASE b.typtype WHEN 'd' THEN b.typbasetype::bigint END))
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd'`

const namesAt = (relation: string, numbers: string): string =>
  `(SELECT json_agg(k.attname ORDER BY o.at) FROM unnest(${numbers}) WITH ORDINALITY o(num, at)
    JOIN pg_catalog.pg_attribute k ON k.attrelid = ${relation} AND k.attnum = o.num)`

/** Keys that a row can be written by: those of all rows, of columns, and checked at once. The primary one is told even when it is checked late. */
const everyKey = `SELECT json_agg(json_build_object('table', i.indrelid::bigint, 'primary', i.indisprimary,
    'columns', ${namesAt('i.indrelid', 'i.indkey[0:i.indnkeyatts - 1]')}) ORDER BY i.indexrelid)
  FROM ${relations} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
  WHERE ${ownTables} AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND (i.indimmediate OR i.indisprimary)`

const everyForeignKey = `SELECT json_agg(json_build_object('table', f.conrelid::bigint,
    'parent', CASE WHEN pg_catalog.pg_table_is_visible(f.confrelid) THEN p.relname::text ELSE f.confrelid::regclass::text END,
    'columns', ${namesAt('f.conrelid', 'f.conkey')}, 'references', ${namesAt('f.confrelid', 'f.confkey')}) ORDER BY f.oid)
  FROM ${relations} JOIN pg_catalog.pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' AND f.conparentid = 0
  JOIN pg_catalog.pg_class p ON p.oid = f.confrelid WHERE ${ownTables}`

type TypeRow = { typeName: string; modifier: number; domainOf: number | null }
type ColumnRow = TypeRow & {
  table: number
  name: string
  sqlType: string
  notNull: boolean
  default: string | null
  identity: string
  generated: string
}
type KeyRow = { table: number; primary: boolean; columns: string[] }
type ForeignKeyRow = { table: number; parent: string; columns: string[]; references: string[] }

/** The tables that a bare name finds on the search path. */
export async function readTables(session: Session): Promise<Table[]> {
  const tables = (await session.json<{ oid: number; name: string }[]>(everyTable)) ?? []
  const domains = new Map(((await session.json<(TypeRow & { oid: number })[]>(everyDomainBase)) ?? []).map((row) => [row.oid, row]))
  const columns = await byTable<ColumnRow>(session, everyColumn)
  const keys = await byTable<KeyRow>(session, everyKey)
  const foreignKeys = await byTable<ForeignKeyRow>(session, everyForeignKey)
  return tables.map(({ oid, name }) => {
    const unique = keys.get(oid) ?? []
    return {
      name,
      columns: (columns.get(oid) ?? []).map((row) => columnOf(row, domains)),
      primaryKey: unique.find((key) => key.primary)?.columns ?? [],
      uniqueKeys: unique.filter((key) => !key.primary).map((key) => key.columns),
      foreignKeys: (foreignKeys.get(oid) ?? []).map((row): ForeignKey => ({ columns: row.columns, table: row.parent, references: row.references })),
    }
  })
}

export async function countTables(session: Session): Promise<number> {
  const rows = await session.rows(`SELECT count(*) FROM ${relations} WHERE ${ownTables}`)
  return Number(rows[0]?.[0] ?? 0)
}

async function byTable<T extends { table: number }>(session: Session, sql: string): Promise<Map<number, T[]>> {
  return Map.groupBy((await session.json<T[]>(sql)) ?? [], (row) => row.table)
}

function columnOf(row: ColumnRow, domains: Map<number, TypeRow>): Column {
  const fromSequence = row.default?.startsWith('nextval(') ?? false
  return {
    name: row.name,
    sqlType: row.sqlType,
    ...baseType(row, domains),
    nullable: !row.notNull,
    default: row.generated === '' ? row.default : null,
    generated: row.generated !== '',
    autoIncrement: row.identity !== '' || fromSequence,
  }
}

/** A domain is the type that it is made of, down to a built-in one; the first modifier on the way counts. */
function baseType(row: TypeRow, domains: Map<number, TypeRow>): ReturnType<typeof describeType> {
  const base = row.domainOf === null ? undefined : domains.get(row.domainOf)
  if (!base) return describeType(row.typeName, row.modifier)
  return baseType({ ...base, modifier: row.modifier >= 0 ? row.modifier : base.modifier }, domains)
}
