import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRateLimits } from '../../../server/http/middleware/rate-limits.ts'
import { countInRedis } from '../../../server/redis/counters.ts'
import { openRedis } from '../../../server/redis/redis.ts'
import type { RedisLink } from '../../../server/redis/redis.ts'
import { eventually } from '../../support/eventually.ts'
import { freshPrefix, hasRedis, startRedis } from '../../support/redis.ts'
import type { TestRedis } from '../../support/redis.ts'

// Where Redis is not installed this is named as skipped.
describe.skipIf(!hasRedis)('rate limits that processes share', () => {
  let server: TestRedis
  let links: RedisLink[]
  const process = (link: RedisLink, prefix: string) => createRateLimits(countInRedis(link, prefix)).login
  const addresses = (function* () {
    for (let last = 1; ; last += 1) yield `192.0.2.${last}`
  })()
  const tryOften = async (login: { attempt(address: string, login: string): Promise<void> }, times: number, name: string) => {
    for (let count = 0; count < times; count += 1) await login.attempt(addresses.next().value, name)
  }

  beforeAll(async () => {
    server = await startRedis()
    links = await Promise.all([1, 2].map(async () => await openRedis(server.url, pino({ level: 'silent' }))))
  })
  afterAll(async () => {
    for (const link of links) await link.close()
    await server.stop()
  })

  it('count what all of them were asked', async () => {
    const prefix = freshPrefix()
    const [one, two] = [process(links[0]!, prefix), process(links[1]!, prefix)]
    await tryOften(one, 5, 'target')
    await tryOften(two, 5, 'Target')
    const refused = { code: 'rate_limited', status: 429, details: { retryAfterSeconds: expect.closeTo(300, -2) as number } }
    for (const login of [one, two]) await expect(tryOften(login, 1, 'target')).rejects.toMatchObject(refused)
    await two.succeeded(addresses.next().value, 'target')
    await tryOften(one, 1, 'target')
  })

  it('are counted by each of them while Redis is away', async () => {
    const prefix = freshPrefix()
    const [one, two] = [process(links[0]!, prefix), process(links[1]!, prefix)]
    await server.kill()
    for (const login of [one, two]) {
      await tryOften(login, 10, 'target')
      await expect(tryOften(login, 1, 'target')).rejects.toMatchObject({ code: 'rate_limited' })
      await login.succeeded(addresses.next().value, 'target')
      await tryOften(login, 1, 'target')
    }
    await server.restart()
    await eventually(async () => await Promise.all(links.map(async (link) => await link.ping())))
    await tryOften(one, 10, 'target')
    await expect(tryOften(two, 1, 'target')).rejects.toMatchObject({ code: 'rate_limited' })
  })
})
