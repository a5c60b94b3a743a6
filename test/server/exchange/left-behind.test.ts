import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { samplesDir } from '../../support/samples.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { catalog, commerceText, product } from '../commerce/xml.ts'
import { addExchangeUser, contentOf, fake1c, runsOf } from './exchange-app.ts'

const goods = Buffer.from(commerceText(catalog(product('p1'))))
const hour = 3_600_000

/** Makes what 1C sent last look older. */
function age(dataDir: string, byMs: number): void {
  const database = new Sqlite(path.join(dataDir, 'intake.db'))
  database.prepare('update exchange_cycle set seen_at = seen_at - ?').run(byMs)
  database.close()
}

describe('an exchange that 1C does not go on with', () => {
  let app: TestApp
  beforeEach(async () => {
    app = await startApp({ EXCHANGE_HOLD_SECONDS: '1' })
    await addExchangeUser(await app.admin())
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    await client.piece('import.xml', goods.subarray(0, 100))
  })
  afterEach(async () => await app.close())

  it('keeps what it has for an hour, and is ended then', async () => {
    age(app.dataDir, hour - 60_000)
    app = await app.restart()
    const admin = await app.admin()
    expect(await runsOf(admin)).toMatchObject([{ status: 'queued', hold: { reason: 'receiving' } }])
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toHaveLength(1)
    age(app.dataDir, 120_000)
    app = await app.restart()
    const message = '1C stopped in the middle of the exchange: nothing came for an hour.'
    await eventually(async () =>
      expect(await runsOf(await app.admin())).toMatchObject([{ status: 'cancelled', error: { code: 'cancelled', message } }]),
    )
    await eventually(async () => expect(await readdir(path.join(app.dataDir, 'uploads'))).toEqual([]))
  })

  it('is ended when 1C begins anew after a while, and left alone when it may be still at it', async () => {
    const exchange = async () => {
      const client = fake1c(app.url)
      await client.checkauth()
      await client.init()
    }
    await exchange()
    expect(await runsOf(await app.admin())).toMatchObject([{ status: 'queued' }])
    age(app.dataDir, 200_000)
    await exchange()
    expect(await runsOf(await app.admin())).toMatchObject([{ status: 'cancelled', error: { message: expect.stringContaining('anew') } }])
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toEqual([])
  })
})

it('an exchange that becomes too large is refused in words, and nothing of that piece is kept', async () => {
  const app = await startApp({ MAX_UPLOAD_MB: '1' })
  try {
    await addExchangeUser(await app.admin())
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    await client.piece('import.xml', Buffer.alloc(700_000, '<'))
    const said = await client.post('file', 'offers.xml', Buffer.alloc(700_000, '<'))
    expect(said.text).toMatch(/^failure\nThis exchange is larger than this server takes/)
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toHaveLength(1)
  } finally {
    await app.close()
  }
})

// The samples of other projects are not part of this one.
describe.skipIf(samplesDir() === null)('real exports', () => {
  const folder = path.join(samplesDir() ?? '', 'commerceml')
  let app: TestApp
  beforeEach(async () => {
    app = await startApp()
  })
  afterEach(async () => await app.close())

  it.each([
    ['dobromyslov__commerceml-parser/data', ['import0_1.xml', 'offers0_1.xml']],
    ['bigperson__exchange1c/tests/xml', ['import.xml', 'offers.xml']],
    ['carono__php-commerceml/tests/xml', ['import.xml', 'import_wo_classifier.xml', 'offers.xml']],
    ['ArgentCrusade__commerceml/tests/fixtures', ['group-example.xml', 'prices-example.xml', 'products-example.xml', 'remainders-example.xml']],
    ['synthetic', ['contragents_1_00000000-0000-4000-8000-000000000001.xml']],
  ])('of %s bring the same rows by 1C as by staff', async (place, names) => {
    const admin = await app.admin()
    await addExchangeUser(admin, 'shop-1c', { target: await admin.addTarget('by1c') })
    const target = await admin.addTarget('bystaff')
    const files = await Promise.all(names.map(async (name) => ({ name, content: await readFile(path.join(folder, place, name)) })))
    await fake1c(app.url, { chunk: 5000 }).exchange(files)
    const form = new FormData()
    form.set('kind', 'commerce')
    form.set('target', target)
    form.set('options', JSON.stringify({ types: ['catalog', 'prices', 'stocks', 'customers'] }))
    for (const { name, content } of files) form.append('file', new Blob([content]), name)
    const { body } = await admin.request<{ import: { id: string } }>('POST', '/api/imports', { body: form })
    await admin.ended(body.import.id)
    const own = contentOf(app.dataDir, 'by1c')
    expect(Object.values(own).flat().length).toBeGreaterThan(3)
    expect(own).toEqual(contentOf(app.dataDir, 'bystaff'))
  })
})
