import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { hasRedis } from '../support/redis.ts'
import { openSurroundings } from './cluster/surroundings.ts'
import type { Surroundings } from './cluster/surroundings.ts'
import { Stage } from './cluster/stage.ts'
import { faultsOf } from './cluster/summary.ts'
import { scenariosOf } from './scenarios/all-scenarios.ts'
import { firstSeed } from './seeded-random.ts'

/** Plays of each scenario; by hand many: `npm run faults -- --seeds 1000`. */
const plays = Number(process.env['FAULT_PLAYS'] ?? 1)
const first = firstSeed(process.env)

describe.skipIf(!hasPostgres || !hasRedis).each(['embedded', 'distributed'] as const)(
  'restores on the %s engine end as if nothing had happened',
  (engine) => {
    let surroundings: Surroundings
    let stage: Stage
    beforeAll(async () => {
      surroundings = await openSurroundings()
      stage = await Stage.open(engine, surroundings)
    })
    afterAll(async () => {
      await stage?.close()
      await surroundings?.close()
    })

    it.each(scenariosOf(engine, [5]))(`$name (seed ${first})`, async (scenario) => {
      for (let play = 0; play < plays; play++) {
        const report = await stage.play(scenario, first + play)
        expect(faultsOf(report), `seed ${report.seed}`).toEqual([])
        expect(report.runs).toBeGreaterThan(0)
      }
    })
  },
)
