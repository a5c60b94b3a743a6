import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { hasRedis } from '../support/redis.ts'
import { openSurroundings } from './cluster/surroundings.ts'
import type { Surroundings } from './cluster/surroundings.ts'
import type { ClusterOptions } from './cluster/cluster.ts'
import type { Scenario } from './cluster/scenario.ts'
import { Stage } from './cluster/stage.ts'
import { faultsOf } from './cluster/summary.ts'
import { scenariosOf } from './scenarios/all-scenarios.ts'
import { noDeath } from './scenarios/process-scenarios.ts'
import { firstSeed } from './seeded-random.ts'

/** Plays of each scenario; by hand many: `npm run faults -- --seeds 1000`. */
const plays = Number(process.env['FAULT_PLAYS'] ?? 1)
const first = firstSeed(process.env)

/** What a busy machine holds up for a moment is not taken for lost: for scenarios in which nobody may be. One process alone takes nobody for lost. */
const patient: ClusterOptions = { env: { LEASE_SECONDS: '60' } }
const [strict, others] = [(scenario: Scenario) => scenario.check === noDeath, (scenario: Scenario) => scenario.check !== noDeath]
const casts = [
  { engine: 'embedded', lease: 'a short lease', options: {}, scenarios: scenariosOf('embedded', [5]) },
  { engine: 'distributed', lease: 'a short lease', options: {}, scenarios: scenariosOf('distributed', [5]).filter(others) },
  { engine: 'distributed', lease: 'a long lease', options: patient, scenarios: scenariosOf('distributed', [5]).filter(strict) },
] as const

describe.skipIf(!hasPostgres || !hasRedis).each(casts)(
  'restores on the $engine engine with $lease end as if nothing had happened',
  ({ engine, options, scenarios }) => {
    let surroundings: Surroundings
    let stage: Stage
    beforeAll(async () => {
      surroundings = await openSurroundings()
      stage = await Stage.open(engine, surroundings, options)
    })
    afterAll(async () => {
      await stage?.close()
      await surroundings?.close()
    })

    it.each(scenarios)(`$name (seed ${first})`, async (scenario) => {
      for (let play = 0; play < plays; play++) {
        const report = await stage.play(scenario, first + play)
        expect(faultsOf(report), `seed ${report.seed}`).toEqual([])
        expect(report.runs).toBeGreaterThan(0)
      }
    })
  },
)
