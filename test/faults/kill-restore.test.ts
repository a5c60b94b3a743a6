import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { postgresTargets, sqliteTargets } from './restore/fault-target.ts'
import type { Content, FaultTargets } from './restore/fault-target.ts'
import { KillRun } from './restore/kill-run.ts'
import type { End } from './restore/kill-run.ts'
import { killPoints } from './kill/kill-points.ts'
import { firstSeed, SeededRandom } from './seeded-random.ts'

/** Kills for each way to load and each database; 100 by hand. */
const points = Number(process.env['FAULT_POINTS'] ?? 8)
/** So many of them have to come in the middle of a run. */
const fewest = Math.floor(points / 3)
const seed = firstSeed(process.env)
const longestMs = Math.max(600_000, points * 60_000)

/** kill -9 of the server at random points of a restore, then a start, on one kind of database. */
function describeKills(open: () => Promise<FaultTargets>): void {
  let targets: FaultTargets
  beforeAll(async () => {
    targets = await open()
  })
  afterAll(async () => await targets?.close())

  it.each(['all_or_nothing', 'keep_going'] as const)(
    `${points} times in the middle, %s (seed ${seed})`,
    async (mode) => {
      const run = await KillRun.open(mode, targets)
      try {
        const undisturbed = await run.undisturbed()
        expect(undisturbed.end.status).toBe(mode === 'all_or_nothing' ? 'succeeded' : 'partly_failed')
        const found: string[] = []
        let interrupted = 0
        // A kill that comes when its run is over shows little: then there are more of them.
        for (const [index, point] of killPoints(undisturbed.trace, 4 * points, new SeededRandom(seed)).entries()) {
          if (index >= points && interrupted >= fewest) break
          const where = `kill ${index + 1}, seed ${seed}: ${JSON.stringify(point)}`
          const { rightAfter, end, attempts, phase } = await run.killedAt(point)
          if (mode === 'all_or_nothing') expect([undisturbed.before, undisturbed.end.content], where).toContainEqual(rightAfter.content)
          expect(rightAfter.faults, where).toEqual([])
          expect(end, where).toEqual(undisturbed.end)
          found.push(`${phase} (${describeContent(rightAfter.content, undisturbed)})`)
          if (attempts > 1) interrupted += 1
        }
        // A test that kills nothing would pass as well.
        expect(interrupted).toBeGreaterThanOrEqual(fewest)
        console.log(`${mode}: ${interrupted} of ${found.length} kills made another attempt. Killed in ${countsOf(found)}`)
      } finally {
        await run.close()
      }
    },
    longestMs,
  )
}

function describeContent({ hash }: Content, { before, end }: { before: Content; end: End }): string {
  if (hash === before.hash) return 'as before'
  return hash === end.content.hash ? 'complete' : 'partly'
}

function countsOf(names: string[]): string {
  const counts = Map.groupBy(names, (name) => name)
  return [...counts].map(([name, list]) => `${name} ${list.length}`).join(', ')
}

describe('a restore into SQLite whose server is killed', () => {
  describeKills(sqliteTargets)
})

describe.skipIf(!hasPostgres)('a restore into PostgreSQL whose server is killed', () => {
  describeKills(async () => {
    const server = await startPostgres()
    if (!server) throw new Error('PostgreSQL is not installed')
    return postgresTargets(server)
  })
})
