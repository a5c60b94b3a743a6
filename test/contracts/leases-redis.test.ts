import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisLeases } from '../../server/locks/redis-leases.ts'
import { openRedis } from '../../server/redis/redis.ts'
import type { RedisLink } from '../../server/redis/redis.ts'
import { eventually } from '../support/eventually.ts'
import { freshPrefix, hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { describeLeases } from './leases.contract.ts'

const silent = pino({ level: 'silent' })
const minute = 60_000

// Where Redis is not installed these are named as skipped.
describe.skipIf(!hasRedis)('with a server', () => {
  describeLeases({
    name: 'Redis',
    create: async () => {
      const server = await startRedis()
      const prefix = freshPrefix()
      const links: RedisLink[] = []
      const again = async () => {
        const link = await openRedis(server.url, silent)
        links.push(link)
        return new RedisLeases(link, prefix)
      }
      const close = async () => {
        for (const link of links) await link.close()
        await server.stop()
      }
      return { leases: await again(), again, wipe: async () => await server.flushAll(), close }
    },
  })

  describe('leases in a Redis that comes and goes', () => {
    let server: TestRedis
    let link: RedisLink
    beforeAll(async () => {
      server = await startRedis({ appendfsync: 'always' })
      link = await openRedis(server.url, silent)
    })
    afterAll(async () => {
      await link.close()
      await server.stop()
    })

    it('stay held when it restarts with what it had', async () => {
      const leases = new RedisLeases(link, freshPrefix())
      const held = await leases.acquire('target:1', 'a', minute)
      await server.restart({ keep: true })
      await eventually(async () => await link.ping())
      expect(await leases.acquire('target:1', 'b', minute)).toBeNull()
      expect(await held!.renew()).toBe(true)
    })

    it('are held again by who renews them when it restarts empty', async () => {
      const leases = new RedisLeases(link, freshPrefix())
      const held = await leases.acquire('target:1', 'a', minute)
      await server.restart({ keep: false })
      await eventually(async () => await link.ping())
      expect(await held!.renew()).toBe(true)
      expect(await leases.acquire('target:1', 'b', minute)).toBeNull()
    })

    it('fail with a code of ours while it is away', async () => {
      const leases = new RedisLeases(link, freshPrefix())
      const held = await leases.acquire('target:1', 'a', minute)
      await server.kill()
      await expect(leases.acquire('target:2', 'a', minute)).rejects.toMatchObject({ code: 'unavailable' })
      await expect(held!.renew()).rejects.toMatchObject({ code: 'unavailable' })
      await expect(held!.release()).rejects.toMatchObject({ code: 'unavailable' })
      await server.restart()
      await eventually(async () => expect(await held!.renew()).toBe(true))
    })

    it('of two Intakes on one Redis do not meet', async () => {
      expect(await new RedisLeases(link, freshPrefix()).acquire('target:1', 'a', minute)).not.toBeNull()
      expect(await new RedisLeases(link, freshPrefix()).acquire('target:1', 'b', minute)).not.toBeNull()
    })
  })
})
