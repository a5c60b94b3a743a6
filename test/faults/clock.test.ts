import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasFaketime, wrongClock } from '../support/faketime.ts'
import { hasPostgres } from '../support/postgres.ts'
import { hasRedis } from '../support/redis.ts'
import { Stage } from './cluster/stage.ts'
import { faultsOf } from './cluster/summary.ts'
import { openSurroundings } from './cluster/surroundings.ts'
import type { Surroundings } from './cluster/surroundings.ts'
import { noDeath, processScenarios } from './scenarios/process-scenarios.ts'
import { firstSeed } from './seeded-random.ts'

const first = firstSeed(process.env)

describe.skipIf(!hasPostgres || !hasRedis || !hasFaketime).each(['+3', '-3'])('a worker whose clock is %s hours off', (hours) => {
  let surroundings: Surroundings
  let stage: Stage
  beforeEach(async () => {
    surroundings = await openSurroundings()
    // Longer than a busy machine may hold up who is not lost.
    const env = { LEASE_SECONDS: '10' }
    stage = await Stage.open('distributed', surroundings, { env, own: { 'work 1': wrongClock(hours) } })
  })
  afterEach(async () => {
    await stage?.close()
    await surroundings?.close()
  })

  it(`neither takes what others work on nor loses what it works on (seed ${first})`, async () => {
    const quiet = await stage.play({ name: 'nothing', engines: ['distributed'], disturb: async () => undefined, check: noDeath }, first)
    expect(faultsOf(quiet)).toEqual([])
    expect(quiet.again).toBe(0)
    const killed = await stage.play(
      processScenarios.find(({ name }) => name === 'kill -9 of a worker')!,
      first,
    )
    expect(faultsOf(killed)).toEqual([])
  })
})
