import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startPostgres } from '../test/support/postgres.ts'
import { measureRestore } from './restore/intake-run.ts'
import { rowsOf, sizeFor, writeCsv, writeFixture } from './restore/library.ts'
import { postgresLimit, sqliteLimit } from './restore/limit.ts'
import { postgresSchema, sqliteSchema } from './restore/schema.ts'

/**
 * `npm run bench -- restore [RECORDS] [sqlite|postgresql]`: a whole restore through the running server, upload included, against the shells of the
 * databases loading the same rows from CSV into the same tables, in the same run.
 */
export async function run(args: string[]): Promise<void> {
  const records = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 300_000)
  const only = args.find((arg) => arg === 'sqlite' || arg === 'postgresql')
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  try {
    const size = sizeFor(records)
    const fixture = path.join(dir, 'library.json')
    await writeFixture(fixture, size)
    const small = path.join(dir, 'small.json')
    await writeFixture(small, sizeFor(1000))
    const fixtures = { small, measured: fixture }
    const mb = (await stat(fixture)).size / 1e6
    console.log(`${records} records, ${rowsOf(size)} rows, ${mb.toFixed(0)} MB of JSON`)
    if (only !== 'postgresql') await sqlite(dir, fixtures, size)
    if (only !== 'sqlite') await postgresql(dir, fixtures, size)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

type Fixtures = { small: string; measured: string }

async function sqlite(dir: string, fixtures: Fixtures, size: ReturnType<typeof sizeFor>): Promise<void> {
  const csv = await writeCsv(dir, size, { bool: (value) => (value ? '1' : '0'), moment: (iso) => iso.replace('T', ' ').replace('Z', '') })
  const limit = await sqliteLimit(dir, csv)
  const file = path.join(dir, 'bench.db')
  execFileSync('sqlite3', [file, sqliteSchema])
  const measured = await measureRestore(fixtures, { url: `sqlite:${file}`, dataDir: dir })
  report('SQLite', rowsOf(size), limit, measured)
}

async function postgresql(dir: string, fixtures: Fixtures, size: ReturnType<typeof sizeFor>): Promise<void> {
  const server = await startPostgres()
  if (!server) return console.log('PostgreSQL: not installed, left out')
  try {
    const csv = await writeCsv(dir, size, { bool: (value) => (value ? 't' : 'f'), moment: (iso) => iso })
    const limit = await postgresLimit(dir, csv, await server.createDatabase('limit'))
    const url = await server.createDatabase('bench')
    execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', url, '-c', postgresSchema])
    const measured = await measureRestore(fixtures, { url, dataDir: path.join(dir, 'pg') })
    report('PostgreSQL', rowsOf(size), limit, measured)
  } finally {
    await server.stop()
  }
}

function report(name: string, rows: number, limitSeconds: number, measured: Awaited<ReturnType<typeof measureRestore>>): void {
  const { seconds, peakRssMb, idleRssMb, view } = measured
  const ratio = limitSeconds / seconds
  const rate = (s: number) => `${Math.round(rows / s).toLocaleString('en')} rows/s`
  console.log(`${name}: ${view.status}, ledger ${JSON.stringify(view.ledger)}${view.error ? `, ${view.error.message}` : ''}`)
  console.log(`  limit  ${limitSeconds.toFixed(2)} s  ${rate(limitSeconds)}`)
  console.log(`  Intake ${seconds.toFixed(2)} s  ${rate(seconds)}  ratio ${ratio.toFixed(2)} (promise: 0.50 or more)`)
  console.log(`  memory ${idleRssMb.toFixed(0)} MB idle, ${peakRssMb.toFixed(0)} MB at the most (promise: under 400)`)
}
