import { execFileSync } from 'node:child_process'
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { paths } from '../shared/protocol/paths.ts'
import type { ImportView, StartAnswer } from '../shared/protocol/views.ts'
import type { ApiClient } from '../test/support/api-client.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { ServerProcess } from '../test/support/server-process.ts'
import { inWords } from './latency/figures.ts'
import { lagDuring } from './loop-lag/lag.ts'
import type { Lag } from './loop-lag/lag.ts'
import { sizeFor, writeFixture } from './restore/library.ts'
import { postgresSchema, sqliteSchema } from './restore/schema.ts'

/** So many records of the fixture are a megabyte. */
const recordsPerMb = 4500

/**
 * `npm run bench -- loop-lag [MB] [sqlite|postgresql]`: lag of the server's event loop while nothing happens, while a fixture is uploaded and while it is
 * read and restored. Promised: p99 under 50 ms while 300 MB are read.
 */
export async function run(args: string[]): Promise<void> {
  const mb = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 300)
  const only = args.find((arg) => arg === 'sqlite' || arg === 'postgresql')
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  try {
    const fixture = path.join(folder, 'library.json')
    await writeFixture(fixture, sizeFor(mb * recordsPerMb))
    console.log(`${((await stat(fixture)).size / 1e6).toFixed(0)} MB of JSON`)
    if (only !== 'postgresql') await onSqlite(folder, fixture)
    if (only !== 'sqlite') await onPostgres(folder, fixture)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function onSqlite(folder: string, fixture: string): Promise<void> {
  const file = path.join(folder, 'bench.db')
  execFileSync('sqlite3', [file, sqliteSchema])
  await measure('SQLite', fixture, `sqlite:${file}`, { DATA_DIR: path.join(folder, 'for-sqlite'), SQLITE_DIRS: folder })
}

async function onPostgres(folder: string, fixture: string): Promise<void> {
  const postgres = await startPostgres()
  if (!postgres) return console.log('PostgreSQL: not installed, left out')
  try {
    const url = await postgres.createDatabase('bench')
    execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', url, '-c', postgresSchema])
    await measure('PostgreSQL', fixture, url, { DATA_DIR: path.join(folder, 'for-postgresql') })
  } finally {
    await postgres.stop()
  }
}

async function measure(name: string, fixture: string, url: string, env: Record<string, string>): Promise<void> {
  const server = await ServerProcess.start({ LOG_LEVEL: 'warn', ...env })
  try {
    const api = await server.admin()
    const { body } = await api.request<{ target: { id: string } }>('POST', paths.targets, { json: { name: 'bench', url } })
    const idle = await lagDuring(server.url, async () => await delay(3000))
    const upload = await lagDuring(server.url, async () => await send(api, body.target.id, fixture))
    const restore = await lagDuring(server.url, async () => await api.ended(upload.result.id))
    const { status, ledger } = restore.result
    console.log(`${name}: ${status}, ${ledger.succeeded.toLocaleString('en')} records`)
    for (const [what, { lag }] of Object.entries({ idle, upload, restore })) report(what, lag)
    console.log(`  promise: p99 under 50 ms while it is read: ${restore.lag.inside.p99 < 50 && restore.lag.outside.p99 < 50 ? 'kept' : 'NOT kept'}`)
  } finally {
    await server.close()
  }
}

async function send(api: ApiClient, target: string, fixture: string): Promise<ImportView> {
  const form = new FormData()
  for (const [field, value] of Object.entries({ kind: 'restore', target, options: '{}' })) form.set(field, value)
  form.append('file', await openAsBlob(fixture), path.basename(fixture))
  const { status, text, body } = await api.request<StartAnswer>('POST', paths.imports, { body: form })
  if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
  return body.import
}

function report(what: string, { outside, inside }: Lag): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`
  console.log(`  ${inWords(`${what.padEnd(7)} /healthz`, outside)}`)
  console.log(`  ${what.padEnd(7)} event loop: p50 ${ms(inside.p50)}, p99 ${ms(inside.p99)}, longest ${ms(inside.max)}`)
}
