import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { ExchangeFailed } from '../../support/fake-1c.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { UserView } from '../../../shared/protocol/views.ts'
import { fileNameOf } from '../../../server/http/exchange/file-name.ts'
import { addExchangeUser, exchangePassword, fake1c } from './exchange-app.ts'

const failedWith = (failed: unknown) => (failed instanceof ExchangeFailed ? failed.said : null)

describeOnAppDatabases('what 1C is told', (start) => {
  let app: TestApp
  beforeAll(async () => {
    app = await start({ EXCHANGE_FILE_LIMIT_KB: '100' })
    await addExchangeUser(await app.admin())
  })
  afterAll(async () => await app.close())

  it.each(['GET', 'POST'])('at checkauth by %s is a cookie to build a header of', async (method) => {
    const client = fake1c(app.url)
    const { text, headers } = await client.checkauth(method)
    expect(text).toMatch(/^success\nintake_exchange\n[\w-]{43}\nsessid=exchange_[\w-]+\ntimestamp=\d{10}$/)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(String(headers['set-cookie'])).toMatch(/^intake_exchange=[\w-]{43}; path=\/exchange\/1c; .*samesite=lax; httponly$/)
  })

  it('at init are exactly two lines, without a line feed at the end', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    expect((await client.init()).text).toBe('zip=yes\nfile_limit=102400')
  })

  it('at init are two lines more when it says its version', async () => {
    const client = fake1c(app.url, { version: '3.1' })
    await client.checkauth()
    expect((await client.init()).text).toMatch(/^zip=yes\nfile_limit=102400\nsessid=exchange_[\w-]+\nversion=3\.1$/)
    const sale = fake1c(app.url, { version: '2.09', type: 'sale' })
    await sale.checkauth()
    expect((await sale.init()).lines).toContain('version=2.09')
  })

  it('about orders is that there are none, without an init before', async () => {
    const client = fake1c(app.url, { type: 'sale' })
    await client.checkauth()
    const { text, headers } = await client.get('query')
    expect(text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="[\dT:-]{19}"\/>\n$/)
    expect(headers['content-type']).toBe('text/xml; charset=utf-8')
    expect((await client.get('success')).text).toBe('success')
  })

  it('at complete and, where nobody wished it, at deactivate is success', async () => {
    const client = fake1c(app.url)
    await client.checkauth()
    expect((await client.get('complete')).text).toBe('success')
    expect((await client.get('deactivate', { timestamp: client.timestamp })).text).toMatch(/^success\nNothing was switched off/)
  })

  it('about a wrong password is a failure in words', async () => {
    const client = fake1c(app.url, { password: 'a wrong one' })
    await expect(client.checkauth()).rejects.toMatchObject({
      said: { status: 200, lines: ['failure', 'The login or the password is not right.', expect.any(String)] },
    })
  })

  it('without any login is that it is missing, and how to bring it', async () => {
    const said = await fake1c(app.url).get('checkauth')
    expect(said).toMatchObject({ word: 'failure', status: 401, headers: { 'www-authenticate': expect.stringMatching(/^Basic realm=/) } })
    expect(await fake1c(app.url).get('init')).toMatchObject({ word: 'failure', status: 401 })
  })

  it('is that staff do not exchange, by their own login', async () => {
    const json = { login: 'vera', role: 'staff', password: exchangePassword }
    await (await app.admin()).request('POST', paths.users, { json })
    await expect(fake1c(app.url, { login: 'vera' }).checkauth()).rejects.toMatchObject({
      said: { lines: ['failure', expect.stringContaining('role is “exchange”'), expect.any(String)] },
    })
  })

  it.each<[Record<string, string>, string]>([
    [{ mode: 'info' }, 'Unknown mode: info.'],
    [{ mode: '' }, 'Unknown mode: none.'],
    [{ mode: '<script>' }, 'Unknown mode: script.'],
    [{ mode: 'init', type: 'reference' }, 'Unknown type: reference. This server takes type=catalog and type=sale.'],
    [{ mode: 'query' }, 'Unknown mode: query.'],
    [{ mode: 'constructor' }, 'Unknown mode: constructor.'],
    [{ mode: 'file', filename: 'import.xml' }, 'A file is sent by POST.'],
    [{ mode: 'import', filename: 'import.xml' }, 'Nothing was received that could be imported. Start the exchange anew.'],
    [{ mode: 'import', filename: '../import.xml' }, 'The name of the file leads out of its folder.'],
  ])('about %o is what it can’t do', async (query, message) => {
    const client = fake1c(app.url)
    await client.checkauth()
    await client.init()
    const { lines, status } = await client.call('GET', query)
    expect({ status, lines: lines.slice(0, 2) }).toEqual({ status: 200, lines: ['failure', message] })
  })

  it.each(['?type=catalog&mode=checkauth&filename=%00', '?type=catalog&mode=file&filename=%00&mode=init', '/?type=%E0', '?%'])(
    'about %s never is a page or JSON',
    async (address) => {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }
        const response = await fetch(`${app.url}/exchange/1c${address}`, { method, headers })
        expect(await response.text()).toMatch(/^failure\n/)
        expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      }
    },
  )

  it('when it sends no cookie but its login is the same', async () => {
    const headers = { authorization: `Basic ${Buffer.from(`shop-1c:${exchangePassword}`).toString('base64')}` }
    expect((await fake1c(app.url).call('GET', { mode: 'init' }, { headers })).text).toBe('zip=yes\nfile_limit=102400')
  })
})

describe('a user of the exchange', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(async () => await app.close())

  it('has settings with defaults, which superusers change', async () => {
    const admin = await app.admin()
    const user = await addExchangeUser(admin, 'first')
    expect(user).toMatchObject({
      role: 'exchange',
      exchange: { target: 'main', types: ['catalog', 'prices', 'stocks', 'customers'], source: '1c', deactivate: false },
    })
    const target = await admin.addTarget('shop')
    const json = { exchange: { target, types: ['prices'], source: 'second base', deactivate: true } }
    const { body } = await admin.request<{ user: UserView }>('PATCH', paths.user(user.id), { json })
    expect(body.user.exchange).toEqual({ target, types: ['prices'], source: 'second base', deactivate: true })
    const { body: list } = await admin.get<{ items: UserView[] }>(paths.users)
    expect(list.items.find(({ login }) => login === 'first')?.exchange).toEqual(body.user.exchange)
    expect(list.items.find(({ login }) => login === 'admin')).not.toHaveProperty('exchange')
  })

  it.each([
    { exchange: { target: 'nowhere' } },
    { exchange: { types: [] } },
    { exchange: { types: ['catalog', 'catalog'] } },
    { exchange: { source: '' } },
    { role: 'staff', exchange: { source: 'x' } },
  ])('is not made with %o', async (wrong) => {
    const admin = await app.admin()
    const json = { login: 'wrong', role: 'exchange', password: exchangePassword, ...wrong }
    expect(await admin.request('POST', paths.users, { json })).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } })
    expect((await admin.get<{ items: UserView[] }>(paths.users)).body.items.map(({ login }) => login)).not.toContain('wrong')
  })

  it('can’t log in to the pages, by password or by the cookie of the exchange', async () => {
    const admin = await app.admin()
    await addExchangeUser(admin, 'second')
    const json = { login: 'second', password: exchangePassword }
    expect(await admin.request('POST', paths.login, { json })).toMatchObject({
      status: 403,
      body: { error: { message: expect.stringContaining('exchange with 1C alone') } },
    })
    const { lines } = await fake1c(app.url, { login: 'second' }).checkauth()
    for (const name of ['intake_login', 'intake_watch', 'intake_exchange'])
      expect((await fetch(app.url + paths.imports, { headers: { cookie: `${name}=${lines[2]}` } })).status).toBe(401)
  })

  it('is out at once when it is disabled, or gets another password', async () => {
    const admin = await app.admin()
    const { id } = await addExchangeUser(admin, 'third')
    for (const change of [{ password: 'another password' }, { disabled: true }]) {
      const client = fake1c(app.url, { login: 'third', password: 'password' in change ? exchangePassword : 'another password' })
      await client.checkauth()
      await admin.request('PATCH', paths.user(id), { json: change })
      expect(await client.init().catch((failed: unknown) => failedWith(failed))).toMatchObject({ word: 'failure', status: 401 })
    }
  })

  it('is not guessed at without end', async () => {
    const client = fake1c(app.url, { login: 'guessed', password: 'wrong' })
    const texts: string[] = []
    for (let attempt = 0; attempt < 11; attempt++)
      texts.push(await client.checkauth().then(String, (failed: unknown) => failedWith(failed)?.text ?? ''))
    expect(texts.slice(0, 10).every((text) => text.startsWith('failure\nThe login or the password is not right.'))).toBe(true)
    expect(texts[10]).toMatch(/^failure\nToo many attempts to log in/)
  })
})

describe('the name of a file', () => {
  it.each([
    ['import.xml', 'import.xml'],
    ['/tmp/v8_3B8F_3e/import.xml', 'v8_3B8F_3e/import.xml'],
    ['upload/1c/webdata/import.xml', 'import.xml'],
    ['/upload/1c/webdata/goods/1/import.xml', 'goods/1/import.xml'],
    ['goods\\1\\import_files\\ab\\x.jpg', 'goods/1/import_files/ab/x.jpg'],
    ['C:\\1c\\import.xml', '1c/import.xml'],
    ['//srv//share/./import.xml', 'srv/share/import.xml'],
    ['im\u0000port\n.xml', 'import.xml'],
    ['a:b.xml', 'b.xml'],
    ['каталог/импорт.xml', 'каталог/импорт.xml'],
  ])('%s is kept as %s', (sent, kept) => {
    expect(fileNameOf(sent)).toBe(kept)
  })

  it.each(['', '/', '..', '../import.xml', 'a/../../b.xml', 'a\\..\\b.xml', '/tmp/../x', 'x'.repeat(1001)])('%s is refused', (sent) => {
    expect(() => fileNameOf(sent)).toThrow(/name of the file/)
  })
})
