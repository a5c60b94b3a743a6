import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { countInMemory } from '../http/middleware/rate-limits.ts'
import type { MakeCounter } from '../http/middleware/rate-limits.ts'
import { LocalQueue } from '../jobs/local-queue.ts'
import type { Queue } from '../jobs/queue.ts'
import { holdInstanceLock } from '../locks/instance-lock.ts'
import { SqlLeases } from '../locks/leases.ts'
import type { Leases } from '../locks/leases.ts'
import { OwnPlaces } from '../locks/places.ts'
import type { Places } from '../locks/places.ts'
import type { Closers } from '../logging/closers.ts'
import type { Logger } from '../logging/logger.ts'
import type { SocketAdapter } from '../realtime/socket-server.ts'

/** What differs between one process and many; everything else is the same code. */
export type Engine = {
  /** This process is the only one: whatever a former one left behind is nobody's. */
  alone: boolean
  queue: Queue
  /** One import at a time for each target. */
  locks: Leases
  /** Limits of accounts, for all processes together. */
  places: Places
  /** Where tries are counted that people may not make without limit. */
  counter: MakeCounter
  /** Carries messages to the sockets of other processes. */
  socketAdapter: SocketAdapter | undefined
  /** Calls back each time messages from other processes arrive again after they may have been lost. */
  reconnected(listener: () => void): void
  /** What must be up for this process to work, besides the app database and the storage; each rejects when it is not. */
  parts: Record<string, () => Promise<void>>
  /** What watchers are told when this process stops in the middle of a run. */
  stopMessage: string
}

type Distributed = Extract<Config['engine'], { type: 'distributed' }>

/** The engine that the settings choose. Its parts are stacked on `closers`. */
export async function openEngine(config: Config, database: Database, closers: Closers, log: Logger): Promise<Engine> {
  return config.engine.type === 'embedded' ? openEmbedded(config, database, log) : await openDistributed(config.engine, config, closers, log)
}

/** Before the app database is opened: with the embedded engine, no second process may work on it. */
export async function standAlone(config: Config, closers: Closers): Promise<void> {
  if (config.engine.type === 'embedded') closers.add('instance lock', await holdInstanceLock(config.database))
}

function openEmbedded(config: Config, database: Database, log: Logger): Engine {
  return {
    alone: true,
    queue: new LocalQueue(config.jobConcurrency, log.child({ scope: 'queue' })),
    locks: new SqlLeases(database),
    places: new OwnPlaces(),
    counter: countInMemory,
    socketAdapter: undefined,
    reconnected: () => undefined,
    parts: {},
    stopMessage: 'The server stops. The run goes on when it is back.',
  }
}

async function openDistributed(choice: Distributed, { jobConcurrency, leaseMs }: Config, closers: Closers, log: Logger): Promise<Engine> {
  const { openRedis } = await import('../redis/redis.ts')
  const { createStreamsAdapter } = await import('../redis/socket-adapter.ts')
  const { countInRedis } = await import('../redis/counters.ts')
  const { RedisLeases } = await import('../locks/redis-leases.ts')
  const { RedisPlaces } = await import('../locks/redis-places.ts')
  const { BullmqQueue } = await import('../jobs/bullmq-queue.ts')
  const { redisUrl, prefix } = choice
  const link = await openRedis(redisUrl, log.child({ scope: 'redis' }))
  closers.add('redis', async () => await link.close())
  const places = new RedisPlaces(link, `${prefix}:account`, leaseMs)
  closers.add('places', async () => await places.close())
  return {
    alone: false,
    queue: await BullmqQueue.open({
      link,
      prefix: `${prefix}:queue`,
      concurrency: jobConcurrency,
      log: log.child({ scope: 'queue' }),
      timing: lostTaker(leaseMs),
    }),
    locks: new RedisLeases(link, `${prefix}:lock`),
    places,
    counter: countInRedis(link, `${prefix}:limit`),
    socketAdapter: await createStreamsAdapter(link, prefix),
    reconnected: (listener) => link.onBack(listener),
    parts: { redis: async () => await link.ping() },
    stopMessage: 'This worker stops. Another one goes on with the run.',
  }
}

/**
 * A worker that dies between taking an entry and claiming its run leaves a run that waits, and an entry that nobody else may have: the queue must notice
 * that within the time in which the loss of a worker at its run is noticed.
 */
function lostTaker(leaseMs: number): { lockMs: number; stalledMs: number } {
  return { lockMs: Math.max(leaseMs / 2, shortestMs), stalledMs: Math.max(leaseMs / 3, shortestMs) }
}

/** A lock of the queue that is shorter is lost whenever the machine is busy. */
const shortestMs = 4_000
