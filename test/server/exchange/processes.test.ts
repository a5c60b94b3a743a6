import { afterEach, describe, expect, it } from 'vitest'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import { freshPrefix, hasSharedRedis, useRedis } from '../../support/redis.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { catalog, commerceText, offer, offers, price, prices, product } from '../commerce/xml.ts'
import { addExchangeUser, contentOf, fake1c, runsOf } from './exchange-app.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const goods = commerceText(
  catalog(
    range(50)
      .map((at) => product(`p${at}`))
      .join('\n'),
  ),
)
const packet = commerceText(
  offers(
    range(50)
      .map((at) => offer(`p${at}`, prices(price('t', '10.50'))))
      .join('\n'),
  ),
)
const files = [
  { name: 'import.xml', content: goods },
  { name: 'offers.xml', content: packet },
]
const settings = { EXCHANGE_HOLD_SECONDS: '1' }

describe('an exchange with 1C, by one process', () => {
  let server: ServerProcess
  afterEach(async () => await server.close())

  it('goes on when the server is killed between pieces, and while it imports', async () => {
    server = await ServerProcess.start(settings)
    await addExchangeUser(await server.admin())
    const client = fake1c(server.url, { chunk: 2000 })
    await client.checkauth()
    await client.init()
    for (const file of files) {
      await client.send(file, async (piece) => {
        if (piece === 1) await server.restart()
      })
    }
    // The answer is lost with the server; 1C that is asked to go on asks again.
    const asked = client.get('import', { filename: 'import.xml' }).catch(() => null)
    await server.restart()
    await asked
    for (const { name } of files) await client.import(name)
    client.close()
    const runs = await runsOf(await server.admin())
    expect(runs).toMatchObject([{ status: 'succeeded', files: files.map(({ name, content }) => ({ name, size: Buffer.byteLength(content) })) }])
    expect(contentOf(server.dataDir, 'main')['commerce_prices']).toHaveLength(50)
  })
})

// Where PostgreSQL or Redis is not installed this is named as skipped.
describe.skipIf(!hasPostgres || !hasSharedRedis)('an exchange with 1C, by two processes that serve', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  })

  it('goes on from piece to piece, whichever of them is asked', async () => {
    const postgres = await startPostgres()
    if (!postgres) throw new Error('PostgreSQL is not installed')
    closers.push(async () => await postgres.stop())
    const redis = await useRedis()
    closers.push(async () => await redis.stop())
    const shared = {
      DATABASE_URL: await postgres.createDatabase('app'),
      REDIS_URL: redis.url,
      REDIS_PREFIX: freshPrefix(),
      SECRET_KEY: 'the same for every process',
    }
    const first = await ServerProcess.start({ ...settings, ...shared })
    closers.push(async () => await first.close())
    const second = await ServerProcess.start({ ...settings, ...shared, DATA_DIR: first.dataDir })
    closers.push(async () => await second.kill())
    const urls = [first.url, second.url]
    await addExchangeUser(await first.admin())

    const client = fake1c(first.url, { chunk: 2000 })
    const turn = (at: number) => (client.url = urls[at % 2] ?? first.url)
    await client.checkauth()
    turn(1)
    await client.init()
    for (const file of files) await client.send(file, async (piece) => void turn(piece))
    const headers = { cookie: client.cookie }
    const both = urls.map(async (url) => await fake1c(url).call('GET', { mode: 'import', filename: 'import.xml' }, { headers }))
    for (const { word } of await Promise.all(both)) expect(['success', 'progress']).toContain(word)
    for (const [at, { name }] of files.entries()) {
      turn(at)
      await client.import(name)
    }
    client.close()
    const admin = await second.admin()
    const runs = await runsOf(admin)
    expect(runs).toMatchObject([{ status: 'succeeded', files: files.map(({ name, content }) => ({ name, size: Buffer.byteLength(content) })) }])
    expect((await admin.events(runs[0]?.id ?? '')).filter(({ status }) => status === 'running')).toHaveLength(1)
  })
})
