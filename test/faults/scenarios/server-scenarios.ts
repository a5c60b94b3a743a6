import { setTimeout as delay } from 'node:timers/promises'
import { isFinal } from '../../../shared/session-status.ts'
import type { Moment, Scenario } from '../cluster/scenario.ts'

/** Codes of a run whose target went away under it. */
const targetGone = ['target_unreachable', 'target_refused']

/** What may happen to the servers around the processes. `away`: how long Redis stands still, in seconds. */
export const serverScenarios = (away: number[]): Scenario[] => [
  { name: 'Redis FLUSHALL', engines: ['distributed'], disturb: async ({ surroundings: { redis } }) => await redis.flushAll() },
  { name: 'Redis restarted with its data', engines: ['distributed'], disturb: async ({ surroundings: { redis } }) => await redis.restart() },
  {
    name: 'Redis restarted empty',
    engines: ['distributed'],
    disturb: async ({ surroundings: { redis } }) => await redis.restart({ keep: false }),
  },
  { name: 'Redis gone until the runs have ended', engines: ['distributed'], disturb: withoutRedis },
  ...away.map((seconds): Scenario => ({
    name: `Redis unreachable for ${seconds} s`,
    engines: ['distributed'],
    disturb: async ({ surroundings: { redis } }) => {
      redis.pause()
      await delay(seconds * 1000)
      redis.resume()
    },
    limitMs: 150_000,
  })),
  {
    name: 'app database restarted, -m immediate',
    engines: ['distributed'],
    disturb: async ({ surroundings: { app } }) => {
      await app.halt('SIGQUIT')
      await app.resume()
    },
  },
  {
    name: 'target database restarted, -m immediate',
    engines: ['embedded', 'distributed'],
    disturb: async ({ surroundings: { targets } }) => {
      await targets.halt('SIGQUIT')
      await targets.resume()
    },
    mayFail: targetGone,
  },
]

/** The runs that a worker has go on without Redis; those that wait in it are waited for when it is back. */
async function withoutRedis({ surroundings: { redis }, runs }: Moment): Promise<void> {
  await redis.kill()
  const until = performance.now() + 8000
  for (const run of runs) while (!isFinal((await run.view()).status) && performance.now() < until) await delay(100)
  await redis.restart()
}
