import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OwnPlaces } from '../../server/locks/places.ts'
import { RedisPlaces } from '../../server/locks/redis-places.ts'
import { openRedis } from '../../server/redis/redis.ts'
import type { RedisLink } from '../../server/redis/redis.ts'
import { eventually } from '../support/eventually.ts'
import { freshPrefix, hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { describePlaces } from './places.contract.ts'

describePlaces('one process', async () => {
  const places = new OwnPlaces()
  return { places, again: async () => places, close: async () => await places.close() }
})

// Where Redis is not installed these are named as skipped.
describe.skipIf(!hasRedis)('with a server', () => {
  let server: TestRedis
  const links: RedisLink[] = []
  const opened: RedisPlaces[] = []
  const open = async (prefix: string, ttlMs = 60_000) => {
    const link = await openRedis(server.url, pino({ level: 'silent' }))
    const places = new RedisPlaces(link, prefix, ttlMs)
    links.push(link)
    opened.push(places)
    return places
  }
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    for (const places of opened) await places.close()
    for (const link of links) await link.close()
    await server.stop()
  })

  describePlaces('one Redis', async () => {
    const prefix = freshPrefix()
    return { places: await open(prefix), again: async () => await open(prefix), close: async () => undefined }
  })

  it('lose those of a process that is gone, and keep those of one that works on', async () => {
    const prefix = freshPrefix()
    const [gone, works, other] = [await open(prefix, 300), await open(prefix, 3_000), await open(prefix)]
    const ends = async () => Number([await server.run('ZRANGE', `${prefix}:place:works`, 0, -1, 'WITHSCORES')].flat(2)[1] ?? 0)
    expect(await works.take('works', 1)).toBe(true)
    const first = await ends()
    const before = performance.now()
    expect(await gone.take('gone', 1)).toBe(true)
    await gone.close()
    await eventually(async () => expect(await other.take('gone', 1)).toBe(true))
    expect(performance.now() - before).toBeGreaterThan(290)
    await eventually(async () => expect(await ends()).toBeGreaterThan(first))
  })

  it('are counted by each process for itself while Redis is away', async () => {
    const places = await open(freshPrefix())
    await links.at(-1)!.close()
    expect([await places.take('away', 2), await places.take('away', 2), await places.take('away', 2)]).toEqual([true, true, false])
    await places.give('away')
    expect(await places.take('away', 2)).toBe(true)
    expect([await places.turn('away', 50_000), await places.turn('away', 1)].map((wait) => wait > 10_000)).toEqual([false, true])
  })
})
