import { AppError } from '../../errors.ts'
import { cutValue, valueInvalid } from '../cells/refusal.ts'
import { columnsOf, keyPositions, lacksRequired, pickColumns, refuseGenerated } from '../columns.ts'
import { quoteName, quoteNames } from '../identifiers.ts'
import type { Cell, Column, Table, WriteBatch } from '../target.ts'
import { compileCopyText } from './copy-text.ts'
import type { Session } from './session.ts'
import { DatabaseError } from 'pg'

/** Writes the rows of one batch. The same table, columns and key again cost no preparation within a transaction. */
export type Writer = (batch: Rows) => Promise<void>

export type BatchShape = Omit<WriteBatch, 'rows'>
type Rows = Pick<WriteBatch, 'rows' | 'same'>
type Shape = { table: Table; names: string[]; columns: Column[] }

/** Prepares how rows of these columns are written. See `WriteBatch` for what a key means. `number` names the staging table. */
export async function prepareWriter(session: Session, batch: BatchShape, number: number): Promise<Writer> {
  const { table, key, absent } = batch
  const names = columnsOf(batch)
  const columns = pickColumns(table, names)
  refuseGenerated(table, columns)
  const shape = { table, names, columns }
  const write = key && !absent ? await prepareMerge(session, shape, batch, key, `intake_stage_${number}`) : prepareInsert(session, shape)
  return async ({ rows, same }) => {
    if (rows.length === 0) return
    try {
      await write({ rows, ...(same && { same }) })
    } catch (thrown) {
      throw explained(thrown, shape, same ? rows.map((row) => [...row, ...same.values]) : rows)
    }
  }
}

/** Rows without a key, and those that are certainly not there, go straight into their table. */
function prepareInsert(session: Session, { table, names, columns }: Shape): Writer {
  const into = quoteName(table.name)
  if (names.length === 0) {
    return async ({ rows }) => {
      await session.rows(`INSERT INTO ${into} SELECT FROM generate_series(1, $1)`, [rows.length])
    }
  }
  const toText = compileCopyText(table, columns, [])
  return async (batch) => await session.copyIn(`COPY ${into} (${quoteNames(names)}) FROM STDIN`, toText(batch).pieces)
}

/** Rows with a key are copied beside their table and merged into it by one statement. */
async function prepareMerge(session: Session, { table, names, columns }: Shape, batch: BatchShape, key: string[], stage: string): Promise<Writer> {
  const own = key.filter((name) => !batch.same?.columns.includes(name))
  const keyAt = keyPositions(table, names, key).filter((at) => at < batch.columns.length)
  const isPlain = (own.length > 0 || key.length === 0) && (await comparesBytes(session, table, key))
  const arbiter = !lacksRequired(table, names) && (await isArbiter(session, table, key))
  await session.run(`CREATE TEMP TABLE ${stage} ON COMMIT DROP AS SELECT ${quoteNames(names)} FROM ${quoteName(table.name)} WITH NO DATA`)
  const merge = (source: string): string => (arbiter ? upsertSql(table, names, key, source) : updateThenInsertSql(table, names, key, source))
  const sql = { all: `${merge(stage)}; TRUNCATE ${stage}`, last: `${merge(lastOfEachKey(stage, key))}; TRUNCATE ${stage}` }
  const toText = compileCopyText(table, columns, keyAt)
  return async (rows) => {
    const { pieces, repeatsKey } = toText(rows)
    await session.copyIn(`COPY ${stage} FROM STDIN`, pieces)
    await session.run(isPlain && !repeatsKey ? sql.all : sql.last)
  }
}

/** A staging table is filled from empty in the order of the batch, so its physical order is that of the rows. */
function lastOfEachKey(stage: string, key: string[]): string {
  const same = key.map((name) => `later.${quoteName(name)} = one.${quoteName(name)}`).join(' AND ')
  return `(SELECT * FROM ${stage} one WHERE NOT EXISTS (SELECT FROM ${stage} later WHERE ${same} AND later.ctid > one.ctid))`
}

function upsertSql(table: Table, names: string[], key: string[], source: string): string {
  const changed = names.filter((name) => !key.includes(name)).map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`)
  const action = changed.length > 0 ? `DO UPDATE SET ${changed.join(', ')}` : 'DO NOTHING'
  return `INSERT INTO ${quoteName(table.name)} (${quoteNames(names)}) OVERRIDING SYSTEM VALUE
    SELECT ${quoteNames(names)} FROM ${source} AS s ON CONFLICT (${quoteNames(key)}) ${action}`
}

/** For rows that lack a required column, which an INSERT refuses before it looks at the key, and for keys that are checked late. */
function updateThenInsertSql(table: Table, names: string[], key: string[], source: string): string {
  const into = quoteName(table.name)
  const same = key.map((name) => `t.${quoteName(name)} = s.${quoteName(name)}`).join(' AND ')
  const changed = names.filter((name) => !key.includes(name)).map((name) => `${quoteName(name)} = s.${quoteName(name)}`)
  const update = changed.length > 0 ? `UPDATE ${into} AS t SET ${changed.join(', ')} FROM ${source} AS s WHERE ${same}; ` : ''
  return `${update}INSERT INTO ${into} (${quoteNames(names)}) OVERRIDING SYSTEM VALUE
    SELECT ${quoteNames(names)} FROM ${source} AS s WHERE NOT EXISTS (SELECT FROM ${into} t WHERE ${same})`
}

/** Whether two values of the key are the same exactly when we write them the same way. */
async function comparesBytes(session: Session, table: Table, key: string[]): Promise<boolean> {
  const sql = `SELECT 1 FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation c ON c.oid = a.attcollation
    WHERE a.attrelid = $1::regclass AND a.attname = ANY ($2)
      AND (t.typname IN ('int2', 'int4', 'int8') OR (t.typname IN ('text', 'varchar') AND c.collisdeterministic))`
  return (await session.rows(sql, [quoteName(table.name), key])).length === key.length
}

async function isArbiter(session: Session, table: Table, key: string[]): Promise<boolean> {
  const sql = `SELECT 1 FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
      AND i.indexprs IS NULL AND i.indnkeyatts = cardinality($2::text[])
      AND NOT EXISTS (SELECT FROM unnest(i.indkey[0:i.indnkeyatts - 1]) n JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n
        WHERE a.attname <> ALL ($2)) LIMIT 1`
  return (await session.rows(sql, [quoteName(table.name), key])).length > 0
}

// `COPY intake_stage_1, line 3, column price: "abc"`, after the lines of what was called within.
const copyPlace = /(?:^|\n)COPY [^\n]+?, line (\d+)(?:, column ([^\n]+?)(?:: (?:"|null input)|$))?/

/** The error with the table that was meant instead of the staging table, and row and value as the file had them. */
function explained(thrown: unknown, shape: Shape, rows: Cell[][]): unknown {
  if (!(thrown instanceof AppError) || !(thrown.cause instanceof DatabaseError)) return thrown
  const { table, columns, names } = shape
  const place = copyPlace.exec(thrown.cause.where ?? '')
  const row = place ? Number(place[1]) - 1 : rowOf(thrown, names, rows)
  const column = columns.find(({ name }) => name === (place?.[2] ?? thrown.details?.column))
  const value = row < 0 || !column ? undefined : rows[row]?.[names.indexOf(column.name)]
  const known = row < 0 ? {} : { row }
  if (thrown.code === 'value_invalid' && column && value !== undefined) {
    return valueInvalid({ table: table.name, column: column.name, value, ...known }, thrown.cause.message, thrown)
  }
  const named = { ...(column && { column: column.name }), ...(value !== undefined && { value: cutValue(value) }) }
  const details = { ...thrown.details, table: table.name, ...named, ...known }
  return new AppError(thrown.code, thrown.message, { details, retryable: thrown.retryable, cause: thrown.cause })
}

/** A merge fails without telling the row: it is the one with the value that the error names, or without one. -1 when there is none. */
function rowOf({ code, details }: AppError, names: string[], rows: Cell[][]): number {
  const column = typeof details?.column === 'string' ? details.column : ''
  const at = column.split(', ').map((name) => names.indexOf(name))
  if (at.includes(-1)) return -1
  if (code === 'not_null_violation') return rows.findIndex((row) => row[at[0] ?? 0] === null)
  return rows.findLastIndex(
    (row) =>
      at
        .map((place) => String(row[place]))
        .join(', ')
        .slice(0, 100) === details?.value,
  )
}
