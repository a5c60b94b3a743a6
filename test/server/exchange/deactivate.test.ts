import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { logFaults } from '../../faults/log-faults.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { eventually } from '../../support/eventually.ts'
import { ExchangeFailed } from '../../support/fake-1c.ts'
import type { Fake1c } from '../../support/fake-1c.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import { catalog, commerceText, product } from '../commerce/xml.ts'
import { addExchangeUser, fake1c, runsOf } from './exchange-app.ts'

const settings = { EXCHANGE_HOLD_SECONDS: '1' }
const goods = (from: number, to: number, name = 'import.xml') => {
  const ids = Array.from({ length: to - from }, (_, at) => `p${at + from}`)
  return { name, content: commerceText(catalog(ids.map((id) => product(id)).join('\n'))) }
}

/** A shop that 1C exchanges with, and what is switched off in it. */
async function shopIn(app: TestApp): Promise<{ admin: ApiClient; wish: (deactivate: boolean) => Promise<void>; gone: () => string[] }> {
  const admin = await app.admin()
  const user = await addExchangeUser(admin, 'shop-1c', { target: await admin.addTarget('shop') })
  return {
    admin,
    wish: async (deactivate) => void (await admin.request('PATCH', paths.user(user.id), { json: { exchange: { deactivate } } })),
    gone: () => {
      const database = new Sqlite(path.join(app.dataDir, 'targets', 'shop.db'), { readonly: true })
      const rows = database.prepare('select id from commerce_products where deleted_at is not null order by id').pluck().all()
      database.close()
      return rows.map(String)
    },
  }
}

async function exchanged(app: TestApp, ...files: { name: string; content: string }[]): Promise<Fake1c> {
  const client = fake1c(app.url)
  await client.exchange(files, { complete: false })
  return client
}

describeOnAppDatabases('deactivate', (start) => {
  let app: TestApp
  beforeEach(async () => void (app = await start(settings)))
  afterEach(async () => await app.close())

  it('marks what a full catalog did not bring where that is wished, once however often it is asked', async () => {
    const { admin, wish, gone } = await shopIn(app)
    await exchanged(app, goods(0, 20))
    const client = await exchanged(app, goods(0, 19))
    for (let times = 0; times < 2; times++)
      expect((await client.deactivate()).text).toMatch(/^success\nNothing was switched off: the exchange settings/)
    const [, run, ...others] = await runsOf(admin)
    expect(others).toEqual([])
    const { logChecksum } = await admin.import(run?.id ?? '')
    expect(logFaults(await admin.events(run?.id ?? ''), run?.lastSeq ?? 0, logChecksum)).toEqual([])
    await wish(true)
    const said = await Promise.all([client.deactivate(), client.deactivate()])
    said.push(await client.deactivate())
    for (const { text } of said) expect(text).toBe('success\nMarked as deleted, because the exchange did not bring them, products and offers: 1.')
    expect(gone()).toEqual(['p19'])
    const [, , sweep, ...more] = await runsOf(admin)
    expect(more).toEqual([])
    expect(sweep).toMatchObject({ status: 'succeeded', title: '1C exchange · shop-1c · deactivate', ledger: { total: 1, succeeded: 1 } })
    expect(sweep?.options).toMatchObject({ sweep: [run?.id] })
  })
})

describe('deactivate, where it is wished,', () => {
  let app: TestApp
  let shop: Awaited<ReturnType<typeof shopIn>>
  beforeEach(async () => {
    app = await startApp(settings)
    shop = await shopIn(app)
    await shop.wish(true)
    await exchanged(app, goods(0, 20))
  })
  afterEach(async () => await app.close())

  it('counts as seen what changes nothing, and what came in portions, also when the cookie was lost between them', async () => {
    const client = await exchanged(app, goods(0, 9))
    await client.init()
    await client.send(goods(9, 15))
    await client.import('import.xml')
    client.loseCookie()
    await client.checkauth()
    await client.send(goods(15, 19))
    await client.import('import.xml')
    await client.deactivate()
    expect(shop.gone()).toEqual(['p19'])
    for (let times = 0; times < 2; times++) {
      // The second time nothing is even compared.
      const again = await exchanged(app, goods(0, 19))
      expect((await again.deactivate()).text).toMatch(/^success\nNothing was switched off; why stands in import session commerce_/)
    }
    expect(shop.gone()).toEqual(['p19'])
  })

  it('waits for a person when much would go', async () => {
    const client = await exchanged(app, goods(0, 10))
    const asked = client.deactivate()
    const held = await eventually(async () => {
      const run = (await runsOf(shop.admin)).at(-1)
      expect(run?.hold).toMatchObject({ reason: 'confirm', figures: { removed: 10, products: 20 } })
      return run
    })
    expect(shop.gone()).toEqual([])
    await shop.admin.request('POST', paths.continue(held?.id ?? ''), { json: {} })
    expect((await asked).text).toContain('products and offers: 10.')
    expect(shop.gone()).toHaveLength(10)
  })

  it('fails in words when nobody can say what is missing', async () => {
    const failureOf = async (client: Fake1c) =>
      await client.deactivate().catch((failed: unknown) => (failed instanceof ExchangeFailed ? failed.said.text : String(failed)))
    const nothing = fake1c(app.url)
    await nothing.checkauth()
    await nothing.init()
    expect(await failureOf(nothing)).toBe('failure\nThis exchange brought nothing. Nothing was switched off.')
    const client = await exchanged(app, goods(0, 19))
    await client.init()
    await client.send(goods(19, 20, 'import2.xml'))
    expect(await failureOf(client)).toMatch(/^failure\nFiles were sent that were not imported \(import session/)
    await client.init()
    await client.send({ name: 'import.xml', content: '<broken' })
    await client.import('import.xml').catch(() => undefined)
    expect(await failureOf(client)).toMatch(/^failure\nNot everything that was sent was imported/)
    expect(shop.gone()).toEqual([])
  })
})
