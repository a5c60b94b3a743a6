import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { eventually } from '../../support/eventually.ts'
import { ExchangeFailed } from '../../support/fake-1c.ts'
import type { ApiClient } from '../../support/api-client.ts'
import type { TestApp } from '../../support/start-app.ts'
import { Watcher } from '../../support/watcher.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import { catalog, commerceText, offer, offers, price, prices, product } from '../commerce/xml.ts'
import { zipOf } from '../commerce/zip-file.ts'
import { addExchangeUser, contentOf, fake1c, runsOf } from './exchange-app.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const goods = commerceText(
  catalog(
    range(30)
      .map((at) => product(`p${at}`))
      .join('\n'),
  ),
)
const packet = (amount = '10.50') =>
  commerceText(
    offers(
      range(30)
        .map((at) => offer(`p${at}`, prices(price('t', amount))))
        .join('\n'),
    ),
  )
const files = [
  { name: 'import.xml', content: goods },
  { name: 'offers.xml', content: packet() },
]
const classifier =
  '<Классификатор><Ид>k1</Ид><Наименование>K</Наименование><Группы><Группа><Ид>g1</Ид><Наименование>Group</Наименование></Группа></Группы></Классификатор>'

const failureOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'it did not fail',
    (failed: unknown) => (failed instanceof ExchangeFailed ? failed.said.text : String(failed)),
  )

describeOnAppDatabases('an exchange with 1C', (start) => {
  let app: TestApp
  let admin: ApiClient
  beforeEach(async () => {
    app = await start({ EXCHANGE_HOLD_SECONDS: '1', EXCHANGE_FILE_LIMIT_KB: '64' })
    admin = await app.admin()
    await addExchangeUser(admin)
  })
  afterEach(async () => await app.close())

  it('is one import session, with what its user may bring', async () => {
    await fake1c(app.url).exchange([...files, { name: 'import_files/ab/p1.jpg', content: Buffer.from('JPEG') }])
    const runs = await runsOf(admin)
    expect(runs).toMatchObject([
      {
        status: 'succeeded',
        title: '1C exchange · shop-1c',
        types: ['catalog', 'prices', 'stocks', 'customers'],
        target: { id: 'main' },
        user: { name: 'shop-1c' },
        files: [{ name: 'import.xml' }, { name: 'offers.xml' }, { name: 'import_files.zip' }],
        ledger: { failed: 0, notReached: 0 },
      },
    ])
    const messages = (await admin.events(runs[0]?.id ?? '')).map(({ message }) => message)
    expect(messages).toContain('1C+Enterprise/8.3 (127.0.0.1) begins to send files.')
    expect(messages).toContain('Everything has arrived. The import begins.')
  })

  it('brings the same rows as the same files that staff upload', async () => {
    await addExchangeUser(admin, 'other-1c', { target: await admin.addTarget('by1c') })
    const target = await admin.addTarget('bystaff')
    await fake1c(app.url, { login: 'other-1c', chunk: 1000 }).exchange(files)
    for (const { name, content } of files) {
      const { body } = await admin.start(content, {
        kind: 'commerce',
        target,
        name,
        options: { types: ['catalog', 'prices', 'stocks', 'customers'] },
      })
      expect((await admin.ended(body.import.id)).status).toBe('succeeded')
    }
    const own = contentOf(app.dataDir, 'by1c')
    expect(own['commerce_products']).toHaveLength(30)
    expect(own).toEqual(contentOf(app.dataDir, 'bystaff'))
  })

  it.each([
    ['pieces that fit exactly', 7, {}],
    ['pieces that fit exactly, and an empty one', 7, { emptyLast: true }],
    ['pieces of any size, by a newer 1C', 6.5, { version: '3.1' }],
    ['one piece and an empty one', 1, { emptyLast: true }],
  ])('takes files in %s', async (_, pieces, options) => {
    const padded = goods.padEnd(goods.length + 14 - (Buffer.byteLength(goods) % 14))
    await fake1c(app.url, { ...options, chunk: Math.ceil(Buffer.byteLength(padded) / pieces) }).exchange([{ name: 'import.xml', content: padded }])
    expect(await runsOf(admin)).toMatchObject([{ status: 'succeeded', ledger: { succeeded: 30 }, files: [{ size: Buffer.byteLength(padded) }] }])
  })

  it('takes a zip of the export, in pieces, and is asked for the files in it', async () => {
    const zip = zipOf([...files, { name: 'import_files/ab/p1.jpg', content: 'JPEG' }])
    await fake1c(app.url, { chunk: 500 }).exchange([{ name: 'v8_3B8F_3e.zip', content: zip }], { imports: ['import.xml', 'offers.xml'] })
    expect(await runsOf(admin)).toMatchObject([{ status: 'succeeded', files: [{ name: 'v8_3B8F_3e.zip', size: zip.length }], ledger: { failed: 0 } }])
  })

  it('run again writes nothing', async () => {
    await fake1c(app.url).exchange(files)
    await fake1c(app.url).exchange(files)
    const [, again] = await runsOf(admin)
    const done = (await admin.events(again?.id ?? '')).findLast(({ message }) => message?.startsWith('Done:'))
    expect(done?.message).toMatch(/^Done: [\d,]+ unchanged\.$/)
  })

  it('run twice at once is one run when both bring the same', async () => {
    const clients = [fake1c(app.url), fake1c(app.url)]
    for (const client of clients) {
      await client.checkauth()
      await client.init()
    }
    // Piece by piece in turn: neither disturbs the other.
    for (const file of files) for (const client of clients) await client.send(file)
    await Promise.all(clients.map(async (client) => await client.import('import.xml')))
    await Promise.all(clients.map(async (client) => await client.import('offers.xml')))
    const runs = await runsOf(admin)
    expect(runs.map(({ status }) => status).toSorted()).toEqual(expect.arrayContaining(['succeeded']))
    expect(runs.filter(({ status }) => status === 'succeeded').every(({ ledger }) => ledger.failed === 0)).toBe(true)
    expect(contentOf(app.dataDir, 'main')['commerce_products']).toHaveLength(30)
  })

  it('run twice at once does not mix when each brings its own', async () => {
    const sent = [
      files[0]!,
      {
        name: 'import.xml',
        content: commerceText(
          catalog(
            range(9)
              .map((at) => product(`q${at}`))
              .join(''),
          ),
        ),
      },
    ]
    const clients = [fake1c(app.url, { chunk: 500 }), fake1c(app.url, { chunk: 500 })]
    await Promise.all(clients.map(async (client, at) => await client.exchange([sent[at]!])))
    const sizes = (await runsOf(admin)).map(({ status, files: [file] }) => [status, file?.size])
    expect(new Set(sizes.map(String))).toEqual(new Set(sent.map(({ content }) => `succeeded,${Buffer.byteLength(content)}`)))
    expect(contentOf(app.dataDir, 'main')['commerce_products']).toHaveLength(39)
  })

  it('asked from two places at once begins once', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    const headers = { cookie: client.cookie }
    for (const file of files) await client.send(file)
    const asked = range(5).map(async () => await fake1c(app.url).call('GET', { mode: 'import', filename: 'import.xml' }, { headers }))
    for (const { word, lines } of await Promise.all(asked)) expect(['success', 'progress'], JSON.stringify(lines)).toContain(word)
    await client.import('import.xml')
    const runs = await runsOf(admin)
    expect(runs).toHaveLength(1)
    expect((await admin.events(runs[0]?.id ?? '')).filter(({ status }) => status === 'running')).toHaveLength(1)
  })

  it('goes on when the cookie is lost in the middle of a file', async () => {
    const client = fake1c(app.url, { chunk: 1000 })
    await client.checkauth()
    await client.init()
    await client.send(files[0]!, async (piece) => {
      if (piece !== 2) return
      client.loseCookie()
      await client.checkauth()
    })
    await client.send(files[1]!)
    client.loseCookie()
    await client.checkauth()
    await client.import('import.xml')
    client.loseCookie()
    await client.checkauth()
    await client.import('offers.xml')
    expect(await runsOf(admin)).toMatchObject([
      { status: 'succeeded', files: [{ size: Buffer.byteLength(goods) }, { size: Buffer.byteLength(packet()) }] },
    ])
  })

  it('drops at init what was half received, and keeps what was imported', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    await client.piece('import.xml', Buffer.from(goods).subarray(0, 300))
    await client.init()
    for (const file of files) {
      await client.send(file)
      await client.import(file.name)
      await client.init()
    }
    expect(await runsOf(admin)).toMatchObject([
      { status: 'cancelled', error: { message: expect.stringContaining('began the exchange anew') } },
      { status: 'succeeded', files: [{ name: 'import.xml', size: Buffer.byteLength(goods) }] },
      { status: 'succeeded', files: [{ name: 'offers.xml' }] },
    ])
  })

  it('begins a file anew that is sent again without an init', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.piece('import.xml', Buffer.from(goods).subarray(0, 300))
    await client.send(files[0]!)
    await client.import('import.xml')
    expect(await runsOf(admin)).toMatchObject([{ status: 'succeeded', files: [{ size: Buffer.byteLength(goods) }] }])
  })

  it('takes offers before their goods, and a second part without a classifier', async () => {
    const first = commerceText(classifier + catalog(product('a', '<Группы><Ид>g1</Ид></Группы>')))
    const second = commerceText(catalog(product('b', '<Группы><Ид>g1</Ид></Группы>')))
    const client = fake1c(app.url)
    await client.exchange([{ name: 'offers.xml', content: packet('1') }], { complete: false })
    await client.exchange([{ name: 'import0_1.xml', content: first }], { complete: false })
    await client.exchange([{ name: 'import0_2.xml', content: second }], { complete: false })
    await client.exchange([{ name: 'import.xml', content: goods }])
    expect((await runsOf(admin)).map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
    const rows = contentOf(app.dataDir, 'main')
    expect([rows['commerce_products']?.length, rows['commerce_product_groups']?.length, rows['commerce_prices']?.length]).toEqual([32, 2, 30])
  })

  it('brings customers by the way of orders', async () => {
    const customer =
      '<Контрагент><Ид>c1</Ид><Наименование>Ромашка</Наименование><ОфициальноеНаименование>ООО Ромашка</ОфициальноеНаименование></Контрагент>'
    const content = commerceText(`<Контрагенты СодержитТолькоИзменения="true">${customer}</Контрагенты>`)
    await fake1c(app.url, { type: 'sale', version: '3.1' }).exchange([{ name: 'contragents___1.xml', content }])
    expect(contentOf(app.dataDir, 'main')['commerce_customers']).toHaveLength(1)
  })

  it('begins without being asked, where an older 1C sends files with orders', async () => {
    const customer = '<Контрагент><Ид>c1</Ид><Наименование>Ромашка</Наименование></Контрагент>'
    const content = commerceText(`<Контрагенты СодержитТолькоИзменения="true">${customer}</Контрагенты>`)
    const client = fake1c(app.url, { type: 'sale', chunk: 300 })
    await client.checkauth()
    await client.send({ name: 'contragents.xml', content })
    await eventually(async () => expect(await runsOf(admin)).toMatchObject([{ status: 'succeeded', files: [{ size: Buffer.byteLength(content) }] }]))
  })

  it('brings what its user may bring, where it may', async () => {
    await addExchangeUser(admin, 'prices-1c', { types: ['prices'], target: await admin.addTarget('priced'), source: 'second' })
    await fake1c(app.url, { login: 'prices-1c' }).exchange(files)
    expect(await runsOf(admin)).toMatchObject([{ types: ['prices'], target: { name: 'priced' }, options: { source: 'second' } }])
    const rows = contentOf(app.dataDir, 'priced')
    expect([rows['commerce_products'], rows['commerce_pending']?.length]).toEqual([[], 30])
  })

  it('is seen while it arrives', async () => {
    const client = fake1c(app.url, { chunk: 1000 })
    await client.checkauth()
    await client.init()
    await client.piece('import.xml', Buffer.from(goods).subarray(0, 1000))
    const [run] = await runsOf(admin)
    const seen = { status: 'queued', hold: { reason: 'receiving' }, progress: { unit: 'bytes', done: 1000, current: 'import.xml' } }
    expect(run).toMatchObject({ ...seen, kind: 'commerce', title: '1C exchange · shop-1c' })
    const watcher = new Watcher(app.url, run?.id ?? '', { cookie: admin.cookies.header('/') })
    await watcher.until(({ view }) => view?.status === 'queued' || watcher.events.length > 1)
    await client.piece('import.xml', Buffer.from(goods).subarray(1000))
    await watcher.until(({ progress }) => progress.some((message) => message.progress.done === Buffer.byteLength(goods)))
    await client.import('import.xml')
    await watcher.untilEnd()
    watcher.close()
    expect(watcher.events.map(({ seq }) => seq)).toEqual(watcher.events.map((_, at) => at + 1))
  })

  it('is told why its import failed', async () => {
    const client = fake1c(app.url)
    expect(await failureOf(client.exchange([{ name: 'import.xml', content: goods.slice(0, 900) }]))).toMatch(/^failure\n.*import\.xml/)
    expect(await failureOf(client.exchange([{ name: 'import.txt', content: 'no XML at all' }], { imports: ['import.txt'] }))).toMatch(
      /^failure\nimport.txt was not received/,
    )
    expect(await failureOf(client.exchange(files, { imports: ['prices.xml'] }))).toMatch(/^failure\nprices.xml was not received/)
  })

  it('is told how much was rejected', async () => {
    const content = commerceText(catalog(`${product('p1')}<Товар><Наименование>Without Ид</Наименование></Товар>`))
    const client = fake1c(app.url)
    await client.checkauth()
    await client.send({ name: 'import.xml', content })
    expect((await client.import('import.xml')).text).toMatch(
      /^success\nImported: 1 record\. Rejected: 1 record; the reasons stand in import session commerce_/,
    )
  })

  it('waits for a person when it would remove much', async () => {
    const client = fake1c(app.url)
    await client.exchange(files)
    const removed = goods.replaceAll('<Товар>', '<Товар Статус="Удален">')
    const again = client.exchange([{ name: 'import.xml', content: removed }])
    const held = await eventually(async () => {
      const run = (await runsOf(admin)).at(-1)
      expect(run?.hold?.reason).toBe('confirm')
      return run
    })
    await eventually(() => expect(client.waits.some((text) => text.startsWith('The import waits for a person'))).toBe(true))
    await admin.request('POST', paths.continue(held?.id ?? ''), { json: {} })
    await again
    expect((await admin.import(held?.id ?? '')).status).toBe('succeeded')
  })

  it('stops when a person cancels it while its files arrive, and begins anew', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    await client.piece('import.xml', Buffer.from(goods).subarray(0, 300))
    const [run] = await runsOf(admin)
    await admin.request('POST', paths.cancel(run?.id ?? ''), { json: {} })
    expect(await failureOf(client.piece('import.xml', Buffer.from(goods).subarray(300)))).toMatch(/^failure\nCancelled by Administrator/)
    expect(await admin.request('POST', paths.retry(run?.id ?? ''), { json: {} })).toMatchObject({
      status: 409,
      body: { error: { code: 'wrong_state' } },
    })
    await client.exchange(files)
    expect((await runsOf(admin)).map(({ status }) => status)).toEqual(['cancelled', 'succeeded'])
  })

  it('keeps nothing of a piece that was cut off', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    const bytes = Buffer.from(goods)
    await client.piece('import.xml', bytes.subarray(0, 300))
    await client.cutOff('import.xml', bytes.subarray(300), 100)
    await client.piece('import.xml', bytes.subarray(300))
    await client.import('import.xml')
    expect(await runsOf(admin)).toMatchObject([{ status: 'succeeded', files: [{ size: bytes.length }] }])
  })
})
