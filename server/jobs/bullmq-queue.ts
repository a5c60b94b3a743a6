import type { Job, Queue as Jobs } from 'bullmq'
import type { Logger } from '../logging/logger.ts'
import { asking } from '../redis/redis.ts'
import type { RedisLink } from '../redis/redis.ts'
import { fromJob, toJob } from './bullmq-entry.ts'
import type { Handled, Queue, QueueEntry, QueueHandler } from './queue.ts'

/** In ms. The defaults are for the product; tests are hastier. */
export type BullmqTiming = {
  /** A worker that has not renewed its right to an entry for so long is thought dead; looked for every `stalledMs`. */
  lockMs: number
  stalledMs: number
  /** When a `busy` entry is tried again without a `wake`, and one that is `not_mine`. */
  busyMs: number
  notMineMs: number
  /** Two wakes of one process have so much time between them. */
  wakeMs: number
  /** Delays count by the clocks of processes. One that is hours off delays an entry for no longer than this. */
  promoteMs: number
  /** How long `close` waits for Redis after the last handler has ended. */
  closeMs: number
}

export type BullmqQueueOptions = {
  link: RedisLink
  /** Begins the names of its keys, so that one Redis may serve several Intakes. */
  prefix: string
  concurrency: number
  log: Logger
  timing?: Partial<BullmqTiming>
}

const defaults: BullmqTiming = { lockMs: 30_000, stalledMs: 30_000, busyMs: 2_000, notMineMs: 5_000, wakeMs: 200, promoteMs: 30_000, closeMs: 3_000 }

const queueName = 'attempts'
const addAtOnce = 500
const warnEveryMs = 60_000

type Bullmq = typeof import('bullmq')

/**
 * The queue of the distributed engine: BullMQ over Redis, for any number of processes. Retries, history and results are not its affair: an entry is
 * gone when it was handled, and what Redis forgot is put back by who looks at the rows.
 */
export class BullmqQueue implements Queue {
  readonly #bullmq: Bullmq
  readonly #options: BullmqQueueOptions
  readonly #timing: BullmqTiming
  readonly #jobs: Jobs
  readonly #working = new Map<string, Promise<Handled>>()
  /** Ids of which another attempt was asked for while one is being handled here. */
  readonly #wanted = new Set<string>()
  #stopWorker: (() => Promise<void>) | undefined
  #promoting: NodeJS.Timeout | undefined
  #waking: NodeJS.Timeout | undefined
  #mayWakeAt = 0
  #wakes = 0
  #warnedAt = -Infinity
  #closing = false

  /** Throws AppError `unavailable` when Redis does not answer. */
  static async open(options: BullmqQueueOptions): Promise<BullmqQueue> {
    const bullmq = await import('bullmq')
    const jobs = new bullmq.Queue(queueName, {
      connection: options.link.commands,
      prefix: options.prefix,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    })
    jobs.on('error', (error) => options.log.debug({ err: error }, 'the queue failed'))
    await asking(async () => await jobs.waitUntilReady())
    return new BullmqQueue(bullmq, jobs, options)
  }

  private constructor(bullmq: Bullmq, jobs: Jobs, options: BullmqQueueOptions) {
    this.#bullmq = bullmq
    this.#jobs = jobs
    this.#options = options
    this.#timing = { ...defaults, ...options.timing }
  }

  start(handler: QueueHandler): void {
    const { link, prefix, concurrency, log } = this.#options
    const connection = link.duplicate()
    const worker = new this.#bullmq.Worker(queueName, async (job: Job, token = '') => await this.#take(job, token, handler), {
      connection,
      prefix,
      concurrency,
      lockDuration: this.#timing.lockMs,
      stalledInterval: this.#timing.stalledMs,
      // How often a run may lose its worker is written in its row.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1_000,
    })
    // Redis is away, or was wiped under an entry that is being handled.
    worker.on('error', (error) => log.debug({ err: error }, 'the worker of the queue failed'))
    this.#promoting = setInterval(() => this.wake(), this.#timing.promoteMs)
    this.#stopWorker = async () => {
      const closed = worker.close()
      await Promise.all(this.#working.values())
      await soon(this.#timing.closeMs, closed)
      connection.disconnect()
    }
  }

  async add(entries: QueueEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += addAtOnce) {
      await asking(async () => await this.#jobs.addBulk(entries.slice(from, from + addAtOnce).map(toJob)))
    }
  }

  wake(): void {
    this.#wakes += 1
    if (this.#waking || this.#closing) return
    this.#waking = setTimeout(() => void this.#promote(), Math.max(0, this.#mayWakeAt - performance.now()))
  }

  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#promoting)
    clearTimeout(this.#waking)
    await this.#stopWorker?.()
    await this.#jobs.close()
  }

  async #promote(): Promise<void> {
    this.#mayWakeAt = performance.now() + this.#timing.wakeMs
    this.#waking = undefined
    try {
      await this.#jobs.promoteJobs()
    } catch (error) {
      this.#options.log.debug({ err: error }, 'busy entries could not be woken')
    }
  }

  /** Handles one entry, or puts it back. */
  async #take(job: Job, token: string, handler: QueueHandler): Promise<void> {
    if (this.#closing) return await this.#giveBack(job, token)
    const entry = fromJob(job.data)
    if (!entry) {
      this.#warnOfNewer(job)
      return await this.#delay(job, token, this.#timing.notMineMs)
    }
    if (this.#working.has(entry.importId)) return await this.#delayUntilEnded(job, token, entry.importId)
    const wakes = this.#wakes
    const handled = await this.#handle(entry.importId, handler)
    if (handled === 'not_mine') await this.#delay(job, token, this.#timing.notMineMs)
    // A target that became free while the handler was finding it taken is not announced again.
    if (handled === 'busy') await this.#delay(job, token, wakes === this.#wakes ? jittered(this.#timing.busyMs) : 0)
  }

  async #handle(importId: string, handler: QueueHandler): Promise<Handled> {
    const handling = this.#guard(importId, handler)
    this.#working.set(importId, handling)
    try {
      return await handling
    } finally {
      this.#working.delete(importId)
      if (this.#wanted.delete(importId)) this.wake()
    }
  }

  async #guard(importId: string, handler: QueueHandler): Promise<Handled> {
    try {
      return await handler(importId)
    } catch (error) {
      this.#options.log.error({ err: error, importId }, 'an attempt could not be run')
      return 'done'
    }
  }

  async #delayUntilEnded(job: Job, token: string, importId: string): Promise<void> {
    this.#wanted.add(importId)
    await job.moveToDelayed(Date.now() + this.#timing.busyMs, token)
    if (!this.#working.has(importId)) this.wake()
    throw new this.#bullmq.DelayedError()
  }

  async #delay(job: Job, token: string, ms: number): Promise<never> {
    await job.moveToDelayed(Date.now() + ms, token)
    throw new this.#bullmq.DelayedError()
  }

  /** It was on its way here when the process began to stop. */
  async #giveBack(job: Job, token: string): Promise<never> {
    await job.moveToWait(token)
    throw new this.#bullmq.WaitingError()
  }

  #warnOfNewer(job: Job): void {
    const now = performance.now()
    if (now < this.#warnedAt + warnEveryMs) return
    this.#warnedAt = now
    this.#options.log.warn({ entry: job.id }, 'the queue has entries of a newer release; they are left to its processes')
  }
}

function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2)
}

/** Waits for that, and no longer than so many milliseconds. */
async function soon(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([work.catch(() => undefined), late.promise])
  clearTimeout(timer)
}
