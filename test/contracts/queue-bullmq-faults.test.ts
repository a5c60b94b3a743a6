import { PassThrough } from 'node:stream'
import { Queue as Jobs } from 'bullmq'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BullmqQueue } from '../../server/jobs/bullmq-queue.ts'
import { openRedis } from '../../server/redis/redis.ts'
import type { RedisLink } from '../../server/redis/redis.ts'
import { eventually } from '../support/eventually.ts'
import { freshPrefix, hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'

const minute = 60_000

// Where Redis is not installed this is named as skipped.
describe.skipIf(!hasRedis)('the queue in a Redis that comes and goes', () => {
  let server: TestRedis
  let link: RedisLink
  let queue: BullmqQueue
  let prefix: string
  let said: string[]
  let taken: string[]
  let ends: Map<string, () => void>
  const handle = async (importId: string) => {
    taken.push(importId)
    const { promise, resolve } = Promise.withResolvers<void>()
    ends.set(importId, resolve)
    await promise
    return 'done' as const
  }
  const add = async (importId: string, attempt = 0) => await queue.add([{ importId, attempt }])
  const toTake = async (...ids: string[]) => await eventually(() => expect(taken).toEqual(ids))
  const toBeBack = async () => await eventually(async () => await link.ping())

  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'always' })
  })
  afterAll(async () => await server.stop())

  beforeEach(async () => {
    said = []
    taken = []
    ends = new Map()
    prefix = freshPrefix()
    const lines = new PassThrough()
    lines.on('data', (line: Buffer) => said.push((JSON.parse(line.toString()) as { msg: string }).msg))
    const log = pino({ level: 'info' }, lines)
    link = await openRedis(server.url, log)
    queue = await BullmqQueue.open({ link, prefix, concurrency: 2, log, timing: { notMineMs: minute, busyMs: minute, closeMs: 500 } })
  })

  afterEach(async () => {
    const closed = queue.close()
    for (const end of ends.values()) end()
    await closed
    await link.close()
    server.resume()
    await server.restart({ keep: false })
  })

  it.each(['away', 'still'])('refuses an entry soon while Redis is %s, and takes it when it is back', async (how) => {
    queue.start(handle)
    if (how === 'away') await server.kill()
    else server.pause()
    await expect(add('a')).rejects.toMatchObject({ code: 'unavailable' })
    if (how === 'away') await server.restart()
    else server.resume()
    await toBeBack()
    await add('b')
    await eventually(() => expect(taken).toContain('b'))
  })

  it('goes on with what is handled when everything was wiped, and takes new entries afterwards', async () => {
    queue.start(handle)
    await add('a')
    await toTake('a')
    await server.flushAll()
    await add('b')
    await toTake('a', 'b')
    ends.get('a')!()
    await add('a', 1)
    await toTake('a', 'b', 'a')
    expect(said).toEqual([])
  })

  it.each([
    { keep: true, how: 'with what it had' },
    { keep: false, how: 'empty' },
  ])('goes on with what is handled when Redis restarts $how, and takes new entries afterwards', async ({ keep }) => {
    queue.start(handle)
    await add('a')
    await toTake('a')
    await server.restart({ keep })
    await toBeBack()
    ends.get('a')!()
    await add('b')
    await toTake('a', 'b')
    expect(said).toEqual(['Redis is away', 'Redis is back'])
  })

  it('hands out what waited when Redis restarts with what it had', async () => {
    await add('a')
    await server.restart({ keep: true })
    await toBeBack()
    queue.start(handle)
    await toTake('a')
  })

  it.each(['away', 'still'])('closes while Redis is %s, after what is handled has ended', async (how) => {
    queue.start(handle)
    await add('a')
    await toTake('a')
    if (how === 'away') await server.kill()
    else server.pause()
    let closed = false
    const closing = queue.close().then(() => {
      closed = true
    })
    await expect(link.ping()).rejects.toMatchObject({ code: 'unavailable' })
    expect(closed).toBe(false)
    ends.get('a')!()
    await closing
  })

  it('hands out an entry again whose worker could not say that it was done', async () => {
    const open = async () =>
      await BullmqQueue.open({
        link,
        prefix,
        concurrency: 1,
        log: pino({ level: 'silent' }),
        timing: { lockMs: 1_000, stalledMs: 200, closeMs: 500 },
      })
    const first = await open()
    first.start(handle)
    await add('a')
    await toTake('a')
    await server.kill()
    ends.get('a')!()
    await first.close()
    await server.restart({ keep: true })
    await toBeBack()
    const second = await open()
    second.start(handle)
    await toTake('a', 'a')
    ends.get('a')!()
    await second.close()
  })

  it('leaves entries that it can’t read to others, and says so once', async () => {
    const connection = link.duplicate()
    const jobs = new Jobs('attempts', { connection, prefix })
    await jobs.add('attempt', { version: 2, runs: ['a'] }, { jobId: 'a.0' })
    await jobs.add('attempt', { importId: 7 }, { jobId: 'b.0' })
    queue.start(handle)
    await add('c')
    await toTake('c')
    await eventually(async () => expect(await jobs.getJobCounts('wait', 'active', 'delayed')).toEqual({ wait: 0, active: 1, delayed: 2 }))
    expect(taken).toEqual(['c'])
    expect(said).toEqual(['the queue has entries of a newer release; they are left to its processes'])
    await jobs.close()
  })

  it('of two Intakes on one Redis does not meet the other', async () => {
    const other = await BullmqQueue.open({ link, prefix: freshPrefix(), concurrency: 1, log: pino({ level: 'silent' }) })
    await other.add([{ importId: 'theirs', attempt: 0 }])
    queue.start(handle)
    await add('ours')
    await toTake('ours')
    await other.close()
  })
})
