import { fenced } from '../fence.ts'
import { checkpointTable, quoteName } from '../identifiers.ts'
import type { Checkpoint, Fence } from '../target.ts'
import type { Connection } from './connection.ts'

const table = `main.${quoteName(checkpointTable)}`

type CheckpointRow = { attempt: number; done: number; state: string | null }

/** Writes down that an attempt has begun, within a transaction of the caller's; answers what the former ones left. */
export function announce(connection: Connection, { importId, attempt }: Fence): Checkpoint | null {
  connection.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (import_id text NOT NULL PRIMARY KEY, attempt integer NOT NULL, done bool NOT NULL, state text, updated datetime NOT NULL)`,
  )
  const row = readRow(connection, importId)
  if (row && row.attempt > attempt) throw fenced({ importId, attempt }, row.attempt)
  connection
    .prepare(
      `INSERT INTO ${table} (import_id, attempt, done, updated) VALUES (?, ?, 0, datetime('now'))
       ON CONFLICT (import_id) DO UPDATE SET attempt = excluded.attempt, updated = excluded.updated`,
    )
    .run(importId, attempt)
  if (!row || row.state === null) return null
  return { done: row.done === 1, state: JSON.parse(row.state) }
}

/** Throws `fenced` unless this attempt is the newest. */
export function checkFence(connection: Connection, fence: Fence): void {
  const attempt = hasTable(connection) ? (readRow(connection, fence.importId)?.attempt ?? null) : null
  if (attempt !== fence.attempt) throw fenced(fence, attempt)
}

export function store(connection: Connection, { importId }: Fence, { done, state }: Checkpoint): void {
  connection
    .prepare(`UPDATE ${table} SET done = ?, state = ?, updated = datetime('now') WHERE import_id = ?`)
    .run(done ? 1 : 0, JSON.stringify(state ?? null), importId)
}

/** Removes what is kept of an import session, and the table with its last row. */
export function remove(connection: Connection, importId: string): void {
  connection.prepare(`DELETE FROM ${table} WHERE import_id = ?`).run(importId)
  if (connection.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined) connection.exec(`DROP TABLE ${table}`)
}

export function hasTable(connection: Connection): boolean {
  return connection.prepare(`SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?`).get(checkpointTable) !== undefined
}

function readRow(connection: Connection, importId: string): CheckpointRow | undefined {
  return connection.prepare<[string], CheckpointRow>(`SELECT attempt, done, state FROM ${table} WHERE import_id = ?`).get(importId)
}
