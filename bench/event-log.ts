import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AppDatabase } from '../server/config/config.ts'
import { openDatabase } from '../server/database/database.ts'
import type { Database } from '../server/database/database.ts'
import { ImportSessionEntity } from '../server/database/entities.ts'
import { EventLog } from '../server/realtime/event-log.ts'
import type { EventDraft } from '../server/realtime/event-log.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { sessionRow } from '../test/support/session-row.ts'

const batchSizes = [1, 50, 200]
const runsAtOnce = [1, 8]

/** `npm run bench -- event-log [SECONDS]`: batches and lines a second that one process stores, of one run and of several at once. */
export async function run(args: string[]): Promise<void> {
  const seconds = Number(args[0] ?? 3)
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const postgres = await startPostgres()
  try {
    await measureAll('SQLite', { type: 'sqlite', file: path.join(folder, 'intake.db') }, seconds)
    if (postgres) await measureAll('PostgreSQL', { type: 'postgresql', url: await postgres.createDatabase('bench') }, seconds)
    else console.log('PostgreSQL: not installed, left out')
  } finally {
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureAll(name: string, address: AppDatabase, seconds: number): Promise<void> {
  const database = await openDatabase(address)
  try {
    for (const runs of runsAtOnce) for (const lines of batchSizes) await measure(name, database, { runs, lines, seconds })
  } finally {
    await database.close()
  }
}

async function measure(name: string, database: Database, load: { runs: number; lines: number; seconds: number }): Promise<void> {
  const { runs, lines, seconds } = load
  const log = new EventLog(database, () => undefined)
  const drafts = Array.from({ length: lines }, (_, line): EventDraft => ({ type: 'log', level: 'info', message: `library.book ${line}: inserted` }))
  const ids = Array.from({ length: runs }, (_, number) => `table_${Date.now()}_${runs}-${lines}-${number}`)
  for (const id of ids) await database.em().insert(ImportSessionEntity, sessionRow({ id }))
  const until = performance.now() + seconds * 1000
  const written = await Promise.all(
    ids.map(async (importId) => {
      let batches = 0
      for (; performance.now() < until; batches++) await log.write({ importId, drafts })
      return batches
    }),
  )
  const perSecond = written.reduce((sum, batches) => sum + batches, 0) / seconds
  const [batches, inLines] = [perSecond, perSecond * lines].map((rate) => Math.round(rate).toLocaleString('en'))
  console.log(`${name}: ${runs} at once, ${lines} lines in a batch: ${batches} batches/s, ${inLines} lines/s`)
}
