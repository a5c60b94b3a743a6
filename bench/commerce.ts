import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startPostgres } from '../test/support/postgres.ts'
import { writeGoods, writeOffers } from './commerce/generate.ts'
import type { ShopSize } from './commerce/generate.ts'
import { postgresLimit, sqliteLimit } from './commerce/limit.ts'
import type { Limit } from './commerce/limit.ts'
import { measureRuns } from './restore/intake-run.ts'
import type { Measured } from './restore/intake-run.ts'

/**
 * `npm run bench -- commerce [PRODUCTS] [OFFERS-OF-A-PRODUCT] [sqlite|postgresql]`: a full exchange through the running server, upload included, and the
 * same again unchanged, against the shells of the databases loading the same rows from CSV into the same tables, in the same run.
 */
export async function run(args: string[]): Promise<void> {
  const [products = 200_000, offersOfProduct = 2] = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
  const only = args.find((arg) => arg === 'sqlite' || arg === 'postgresql')
  const size: ShopSize = { products, offersOfProduct, prices: 2, stocks: 3 }
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  try {
    const files = [path.join(dir, 'import0_1.xml'), path.join(dir, 'offers0_1.xml')]
    await writeGoods(files[0] ?? '', size)
    await writeOffers(files[1] ?? '', size)
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size / 1e6))
    console.log(`${products} products, ${products * offersOfProduct} offers, ${sizes.map((mb) => mb.toFixed(0)).join(' + ')} MB of XML`)
    if (only !== 'postgresql') await sqlite(dir, files)
    if (only !== 'sqlite') await postgresql(dir, files)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const options = { types: ['catalog', 'prices', 'stocks'], again: true }

async function measureTwice(files: string[], url: string, dataDir: string): Promise<Measured[]> {
  const work = { kind: 'commerce' as const, options, files }
  return await measureRuns([work, work], { url, dataDir })
}

async function sqlite(dir: string, files: string[]): Promise<void> {
  const folder = path.join(dir, 'sqlite')
  await mkdir(folder)
  const file = path.join(folder, 'bench.db')
  const measured = await measureTwice(files, `sqlite:${file}`, folder)
  report('SQLite', await sqliteLimit(dir, file), measured)
  await rm(folder, { recursive: true, force: true })
}

async function postgresql(dir: string, files: string[]): Promise<void> {
  const server = await startPostgres()
  if (!server) return console.log('PostgreSQL: not installed, left out')
  try {
    const url = await server.createDatabase('bench')
    const measured = await measureTwice(files, url, path.join(dir, 'postgresql'))
    report('PostgreSQL', await postgresLimit(dir, url), measured)
  } finally {
    await server.stop()
  }
}

function report(name: string, { rows, seconds: limit }: Limit, runs: Measured[]): void {
  const rate = (seconds: number): string => `${seconds.toFixed(1)} s  ${Math.round(rows / seconds).toLocaleString('en')} rows/s`
  console.log(`${name}\n  limit     ${rate(limit)}`)
  for (const [at, { seconds, idleRssMb, peakRssMb, view }] of runs.entries()) {
    console.log(
      `  ${at === 0 ? 'Intake   ' : 'unchanged'} ${rate(seconds)}  ratio ${(limit / seconds).toFixed(2)} (promise: 0.50 or more, unchanged twice as fast)`,
    )
    console.log(`            ${view.status}, ledger ${JSON.stringify(view.ledger)}${view.error ? `, ${view.error.message}` : ''}`)
    console.log(`            memory ${idleRssMb.toFixed(0)} MB idle, ${peakRssMb.toFixed(0)} MB at the most`)
  }
}
