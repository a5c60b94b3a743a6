import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRedis } from '../../../server/redis/redis.ts'
import type { RedisLink } from '../../../server/redis/redis.ts'
import { eventually } from '../../support/eventually.ts'
import { hasRedis, startRedis } from '../../support/redis.ts'
import type { TestRedis } from '../../support/redis.ts'

// Where Redis is not installed this is named as skipped.
describe.skipIf(!hasRedis)('the link to Redis', () => {
  let server: TestRedis
  let link: RedisLink | undefined
  let said: string[]
  const open = async (url = server.url) => {
    const lines = new PassThrough()
    lines.on('data', (line: Buffer) => said.push((JSON.parse(line.toString()) as { msg: string }).msg))
    link = await openRedis(url, pino({ level: 'info' }, lines))
    return link
  }
  const refused = async (opening: Promise<unknown>) =>
    await opening.then(
      () => null,
      (thrown: unknown) => thrown,
    )

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => await server.stop())
  afterEach(async () => {
    await link?.close()
    link = undefined
    server.resume()
    await server.restart({ keep: false })
  })
  beforeEach(() => {
    said = []
  })

  it('says that Redis can’t be reached when nobody listens', async () => {
    await server.kill()
    expect(await refused(open())).toMatchObject({ code: 'unavailable', message: expect.stringContaining('REDIS_URL') as string })
  })

  it('says that Redis can’t be reached when it does not let this one in', async () => {
    await server.restart({ settings: { requirepass: 'secret' } })
    expect(await refused(open())).toMatchObject({ code: 'unavailable' })
    expect(await refused(open(server.url.replace('//', '//:wrong@')))).toMatchObject({ code: 'unavailable' })
    await (await open(server.url.replace('//', '//:secret@'))).ping()
  })

  it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl'])('refuses the policy %s, and says what to set', async (policy) => {
    await server.restart({ settings: { 'maxmemory-policy': policy } })
    const message = expect.stringMatching(new RegExp(`${policy}.*Set maxmemory-policy to noeviction`)) as string
    expect(await refused(open())).toMatchObject({ code: 'unavailable', retryable: false, message })
  })

  it('needs no right to read the configuration', async () => {
    await server.run('ACL', 'SETUSER', 'narrow', 'on', '>secret', '~*', '+@all', '-config')
    await (await open(server.url.replace('//', '//narrow:secret@'))).ping()
  })

  it('fails requests soon while Redis is away, and answers them when it is back', async () => {
    const redis = await open()
    await server.kill()
    await eventually(() => expect(said).toEqual(['Redis is away']))
    expect(await refused(redis.ping())).toMatchObject({ code: 'unavailable' })
    expect(await refused(redis.commands.set('lost', '1'))).toBeInstanceOf(Error)
    await server.restart()
    await eventually(async () => await redis.ping())
    expect(await redis.commands.get('lost')).toBeNull()
    expect(said).toEqual(['Redis is away', 'Redis is back'])
  })

  it('fails requests soon while Redis stands still', async () => {
    const redis = await open()
    server.pause()
    expect(await refused(redis.ping())).toMatchObject({ code: 'unavailable' })
    server.resume()
    await eventually(async () => await redis.ping())
  })

  it('lets what blocks wait until Redis is back', async () => {
    const waiting = (await open()).duplicate()
    await waiting.ping()
    await server.kill()
    await eventually(() => expect(said).toContain('Redis is away'))
    const answer = waiting.set('waited', '1')
    await server.restart()
    expect(await answer).toBe('OK')
  })

  it('closes while Redis is away, and while it stands still', async () => {
    const gone = await open()
    gone.duplicate()
    await server.kill()
    await eventually(() => expect(said).toContain('Redis is away'))
    await gone.close()
    await server.restart()
    const still = await open()
    await still.duplicate().ping()
    server.pause()
    await still.close()
  })
})
