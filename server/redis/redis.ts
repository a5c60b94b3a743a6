import type { Redis, RedisOptions } from 'ioredis'
import { AppError, messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'

/** The connections to one Redis. They come back by themselves for as long as they are not closed. */
export type RedisLink = {
  /** For requests: when Redis is away, a command fails at once or within two seconds. Nothing is stored up for later. */
  readonly commands: Redis
  /** A connection of its own for commands that block or must get through: they wait until Redis is back. Closed with the link at the latest. */
  duplicate(): Redis
  /** Calls back each time Redis is there again after it was away. */
  onBack(listener: () => void): void
  /** Throws AppError `unavailable` when Redis does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

const startMs = 10_000
const answerMs = 2_000

/** Wait between two attempts to connect, in ms. Jittered, so that not all processes come back at the same moment. */
const retryStrategy = (times: number): number => Math.min(100 * 2 ** Math.min(times, 10), 5_000) * (0.5 + Math.random() / 2)

const shared: RedisOptions = {
  retryStrategy,
  connectTimeout: startMs,
  // A former primary that was made a replica refuses writes: the name may lead to the new one by now.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
}
const forRequests: RedisOptions = {
  ...shared,
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: answerMs,
  // A connection that is dead without having been told so.
  socketTimeout: 10_000,
}
/** A command that blocks does so for ten seconds at most. */
const forWaiting: RedisOptions = { ...shared, maxRetriesPerRequest: null, socketTimeout: 30_000 }

/**
 * Connects to Redis. Throws AppError `unavailable` when it can't be reached, or when it would throw keys away to make room: a queue without some
 * of its keys is no queue.
 */
export async function openRedis(url: string, log: Logger): Promise<RedisLink> {
  const { Redis } = await import('ioredis')
  const commands = new Redis(url, forRequests)
  const open = new Set<Redis>([commands])
  listen(commands, log)
  try {
    await within(startMs, connect(commands))
    await checkPolicy(commands, log)
  } catch (thrown) {
    commands.disconnect()
    throw thrown
  }
  const silence = tellWhetherAway(commands, log)
  return {
    commands,
    duplicate: () => {
      const client = new Redis(url, forWaiting)
      open.add(client)
      listen(client, log)
      client.once('end', () => open.delete(client))
      return client
    },
    onBack: (listener) => void commands.on('ready', listener),
    ping: async () => void (await asking(() => commands.ping())),
    close: async () => {
      silence()
      await Promise.all([...open].map(quit))
    },
  }
}

/** Runs a request to Redis; what it throws becomes AppError `unavailable`. */
export async function asking<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('unavailable', 'Redis does not answer. Try again when it is back.', { cause })
  }
}

/** Without a listener, a lost connection would end the process. */
function listen(client: Redis, log: Logger): void {
  client.on('error', (error: unknown) => log.debug({ err: error }, 'a connection to Redis failed'))
}

async function connect(client: Redis): Promise<void> {
  try {
    await client.connect()
  } catch (cause) {
    throw unreachable(cause)
  }
}

const unreachable = (cause?: unknown): AppError =>
  new AppError('unavailable', 'Redis can’t be reached. Check REDIS_URL, and that the server runs and lets this one in.', { cause })

async function checkPolicy(client: Redis, log: Logger): Promise<void> {
  const policy = await asking(() => evictionPolicy(client))
  if (policy === null) log.warn('Redis does not tell its maxmemory-policy. It has to be noeviction')
  else if (policy !== 'noeviction') {
    throw new AppError(
      'unavailable',
      `Redis has maxmemory-policy ${policy} and would throw queued work away when its memory is full. Set maxmemory-policy to noeviction.`,
      { retryable: false },
    )
  }
}

/** From `INFO memory`, which needs no right to read the configuration. Null when it is not told. */
async function evictionPolicy(client: Redis): Promise<string | null> {
  return /^maxmemory_policy:(\S+)/m.exec(await client.info('memory'))?.[1] ?? null
}

/** One line when Redis goes and one when it comes back, however many attempts lie between. Answers how to end that. */
function tellWhetherAway(client: Redis, log: Logger): () => void {
  let away = false
  const gone = () => {
    if (!away) log.warn('Redis is away')
    away = true
  }
  client.on('close', gone)
  client.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
    void checkPolicy(client, log).catch((error: unknown) => log.error({ reason: messageOf(error) }, 'Redis came back, and not as it has to be'))
  })
  return () => void client.off('close', gone)
}

/** Asks to close politely, and closes when that takes longer than a second. */
async function quit(client: Redis): Promise<void> {
  const closed: Promise<unknown> = client.status === 'ready' ? client.quit().catch(() => undefined) : Promise.resolve()
  await within(1_000, closed).catch(() => undefined)
  client.disconnect()
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(unreachable()), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
