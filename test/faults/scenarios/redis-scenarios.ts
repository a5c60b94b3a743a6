import { setTimeout as delay } from 'node:timers/promises'
import { isFinal } from '../../../shared/session-status.ts'
import type { TestRedis } from '../../support/redis.ts'
import type { Moment, Scenario } from '../cluster/scenario.ts'

/** So long it is as it should not be, in ms. */
const whileMs = 3_000

/** What may happen to Redis. `away`: how long it stands still, in seconds. */
export const redisScenarios = (away: number[]): Scenario[] => [
  of('FLUSHALL, SCRIPT FLUSH', async (redis) => {
    await redis.flushAll()
    await redis.run('SCRIPT', 'FLUSH')
  }),
  of('restarted with its data', async (redis) => await redis.restart()),
  of('restarted empty', async (redis) => await redis.restart({ keep: false })),
  { name: 'Redis gone until the runs have ended', engines: ['distributed'], disturb: withoutRedis },
  of('evicts what it likes for 3 s', async (redis) => {
    await settings(redis, 'allkeys-random', '1mb')
    await delay(whileMs)
    await settings(redis, 'noeviction', '0')
  }),
  of('out of memory for 3 s', async (redis) => {
    await settings(redis, 'noeviction', '1mb')
    await delay(whileMs)
    await settings(redis, 'noeviction', '0')
  }),
  of('takes no writes for 3 s, as a replica', async (redis) => {
    await redis.run('REPLICAOF', '127.0.0.1', 1)
    await delay(whileMs)
    await redis.run('REPLICAOF', 'NO', 'ONE')
  }),
  of('cuts all connections', async (redis) => void (await redis.run('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))),
  ...away.map((seconds): Scenario => ({
    ...of(`unreachable for ${seconds} s`, async (redis) => {
      redis.pause()
      await delay(seconds * 1000)
      redis.resume()
    }),
    limitMs: 150_000,
  })),
]

function of(name: string, disturb: (redis: TestRedis) => Promise<void>): Scenario {
  return { name: `Redis ${name}`, engines: ['distributed'], disturb: async ({ surroundings: { redis } }) => await disturb(redis) }
}

async function settings(redis: TestRedis, policy: string, memory: string): Promise<void> {
  await redis.run('CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', memory)
}

/** The runs that a worker has go on without Redis; those that wait in it are waited for when it is back. */
async function withoutRedis({ surroundings: { redis }, runs }: Moment): Promise<void> {
  await redis.kill()
  const until = performance.now() + 8000
  for (const run of runs) while (!isFinal((await run.view()).status) && performance.now() < until) await delay(100)
  await redis.restart()
}
