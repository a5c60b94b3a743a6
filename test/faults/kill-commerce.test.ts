import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { postgresTargets, sqliteTargets } from './commerce/commerce-targets.ts'
import type { CommerceTargets } from './commerce/commerce-targets.ts'
import { KillCommerceRun } from './commerce/kill-commerce-run.ts'
import { killPoints } from './kill/kill-points.ts'
import { firstSeed, SeededRandom } from './seeded-random.ts'

/** Kills for each database; 100 by hand. */
const points = Number(process.env['FAULT_POINTS'] ?? 2)
/** Every step of a run has its turn when there are as many kills. */
const fewest = 10
const seed = firstSeed(process.env)
const longestMs = Math.max(600_000, points * 60_000)

/** kill -9 of the server at random points of each step of an import from 1C, then a start, on one kind of database. */
function describeKills(open: () => Promise<CommerceTargets>): void {
  let targets: CommerceTargets
  beforeAll(async () => {
    targets = await open()
  })
  afterAll(async () => await targets?.close())

  it.each(['first', 'changed'] as const)(
    `${points} times in the middle, %s edition (seed ${seed})`,
    async (edition) => {
      const run = await KillCommerceRun.open(edition, targets)
      try {
        const undisturbed = await run.undisturbed()
        expect(undisturbed.end).toMatchObject({ status: 'partly_failed', log: [] })
        expect(undisturbed.end.counts).toMatchObject({ entities: { products: { changed: edition === 'changed' ? 2103 : 0 } } })
        const random = new SeededRandom(seed)
        const chosen = killPoints(undisturbed.trace, Math.max(points, fewest), random)
        while (chosen.length > points) chosen.splice(random.between(0, chosen.length - 1), 1)
        const phases: string[] = []
        let interrupted = 0
        for (const [index, point] of chosen.entries()) {
          const { end, attempts, phase } = await run.killedAt(point)
          expect(end, `kill ${index + 1} of ${points}, seed ${seed}: ${JSON.stringify(point)}`).toEqual(undisturbed.end)
          phases.push(phase)
          if (attempts > 1) interrupted += 1
        }
        // A test that kills nothing would pass as well.
        expect(interrupted).toBeGreaterThanOrEqual(Math.floor(points / 3))
        const counts = [...Map.groupBy(phases, (phase) => phase)].map(([phase, list]) => `${phase} ${list.length}`)
        console.log(`${edition}: ${interrupted} of ${points} kills made another attempt. Killed in ${counts.join(', ')}`)
      } finally {
        await run.close()
      }
    },
    longestMs,
  )
}

describe('an import from 1C into SQLite whose server is killed', () => {
  describeKills(sqliteTargets)
})

describe.skipIf(!hasPostgres)('an import from 1C into PostgreSQL whose server is killed', () => {
  describeKills(async () => {
    const server = await startPostgres()
    if (!server) throw new Error('PostgreSQL is not installed')
    return postgresTargets(server)
  })
})
