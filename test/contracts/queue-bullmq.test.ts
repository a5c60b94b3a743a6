import { pino } from 'pino'
import { afterAll, beforeAll, describe } from 'vitest'
import { BullmqQueue } from '../../server/jobs/bullmq-queue.ts'
import type { BullmqTiming } from '../../server/jobs/bullmq-queue.ts'
import type { Queue } from '../../server/jobs/queue.ts'
import { openRedis } from '../../server/redis/redis.ts'
import type { RedisLink } from '../../server/redis/redis.ts'
import { freshPrefix, hasSharedRedis, useRedis } from '../support/redis.ts'
import { describeQueue } from './queue.contract.ts'

const log = pino({ level: 'silent' })
const never = 600_000
const patient: Partial<BullmqTiming> = { busyMs: never, notMineMs: never, promoteMs: never, wakeMs: 10 }
const hasty: Partial<BullmqTiming> = { lockMs: 1_000, stalledMs: 500, busyMs: 50, notMineMs: 50, wakeMs: 10 }

// Where Redis is not installed these are named as skipped.
describe.skipIf(!hasSharedRedis)('with a server', () => {
  let server: { url: string; stop(): Promise<void> }
  beforeAll(async () => {
    server = await useRedis()
  })
  afterAll(async () => await server.stop())

  describeQueue({
    name: 'in Redis',
    capabilities: { shared: true },
    create: async () => {
      const prefix = freshPrefix()
      const links = new Map<Queue, RedisLink>()
      const open = async (options: { concurrency?: number; hasty?: boolean }) => {
        const link = await openRedis(server.url, log)
        const queue = await BullmqQueue.open({ link, prefix, concurrency: options.concurrency ?? 2, log, timing: options.hasty ? hasty : patient })
        links.set(queue, link)
        return queue
      }
      const cut = async (queue: Queue) => await links.get(queue)?.close()
      const close = async () => {
        for (const link of links.values()) await link.close()
      }
      return { open, cut, close }
    },
  })
})
