import { pino } from 'pino'
import { describe } from 'vitest'
import { openRedis } from '../../server/redis/redis.ts'
import { createStreamsAdapter } from '../../server/redis/socket-adapter.ts'
import { freshPrefix, hasRedis, startRedis } from '../support/redis.ts'
import { describeFanOut } from './fan-out.contract.ts'

describe.skipIf(!hasRedis)('over a Redis stream', () => {
  describeFanOut({
    name: 'between two processes',
    canLose: true,
    create: async () => {
      const redis = await startRedis()
      const prefix = freshPrefix()
      return {
        nodes: 2,
        adapter: async () => {
          const link = await openRedis(redis.url, pino({ level: 'silent' }))
          return { adapter: await createStreamsAdapter(link, prefix), close: async () => await link.close() }
        },
        lose: async (publish) => {
          await redis.kill()
          publish()
          await redis.restart({ keep: false })
        },
        close: async () => await redis.stop(),
      }
    },
  })
})
