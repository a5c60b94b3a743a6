import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { AccountTest, AccountView } from '../../../shared/protocol/views.ts'
import type { WireError } from '../../../shared/protocol/errors.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { addEndpoint, startedBulk } from '../../support/bulk.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import { hasSshd, startSshd } from '../../support/destinations/sshd.ts'
import { ApiClient as Client } from '../../support/api-client.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

type Answered = { account: AccountView }

describeOnAppDatabases('accounts', (start) => {
  let app: TestApp
  let admin: ApiClient
  let endpoint: HttpEndpointServer
  beforeAll(async () => {
    endpoint = await startHttpEndpoint()
    app = await start({ DESTINATION_HOSTS: '127.0.0.1' })
    admin = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    await endpoint.close()
  })
  const web = (name: string, secrets: object = { signingKey: endpoint.signingKey }) => ({
    name,
    driver: 'http',
    address: { url: `http://127.0.0.1:${endpoint.port}/` },
    secrets,
  })
  const post = async <T = Answered>(json: unknown, at: string = paths.accounts) => await admin.request<T>('POST', at, { json })
  const patch = async <T = Answered>({ id }: AccountView, json: unknown) => await admin.request<T>('PATCH', paths.account(id), { json })

  it('are tested before they are saved', async () => {
    const { status, body } = await post<WireError>(web('Stranger', { signingKey: 'a guess' }))
    expect({ status, code: body.error.code }).toEqual({ status: 422, code: 'destination_login_refused' })
    expect((await admin.get<{ items: AccountView[] }>(paths.accounts)).body.items).toEqual([])
  })

  it('never show a secret again', async () => {
    const { status, body } = await post(web('Endpoint', { signingKey: endpoint.signingKey, headers: { 'X-Key': 'canary-7f3a' } }))
    expect(status).toBe(201)
    expect(body.account).toMatchObject({ name: 'Endpoint', driver: 'http', secrets: ['headers', 'signingKey'].toSorted() })
    const texts = [JSON.stringify(body), (await admin.get(paths.accounts)).text, (await admin.get(paths.account(body.account.id))).text]
    for (const secret of [endpoint.signingKey, 'canary-7f3a']) {
      expect(texts.join()).not.toContain(secret)
      expect(JSON.stringify(app.logLines())).not.toContain(secret)
    }
    expect((await post<AccountTest>({}, paths.accountTest(body.account.id))).body).toMatchObject({ ok: true })
  })

  it('have names and limits of their own', async () => {
    const { account } = (await post({ ...web('Limited'), limits: { concurrency: 2 } })).body
    expect(account.limits).toEqual({ concurrency: 2, bytesPerSecond: null, maxBytes: null })
    const changed = (await patch(account, { name: 'Renamed', limits: { maxBytes: 5000 } })).body.account
    expect(changed).toEqual({ ...account, name: 'Renamed', limits: { concurrency: 2, bytesPerSecond: null, maxBytes: 5000 } })
    expect(await post<WireError>(web('Renamed'))).toMatchObject({ status: 409, body: { error: { code: 'already_exists' } } })
  })

  it('keep a secret for the server that it was given for, and give it to no other', async () => {
    const other = await startHttpEndpoint()
    const { account } = (await post(web('Moves'))).body
    const below = { url: `http://127.0.0.1:${endpoint.port}/below/` }
    expect((await patch(account, { address: below })).body.account).toMatchObject({ address: below, secrets: ['signingKey'] })
    const elsewhere = { url: `http://127.0.0.1:${other.port}/` }
    expect(await patch<WireError>(account, { address: elsewhere })).toMatchObject({
      status: 422,
      body: { error: { code: 'destination_login_refused' } },
    })
    expect((await patch(account, { address: elsewhere, secrets: { signingKey: other.signingKey } })).status).toBe(200)
    await other.close()
  })

  it('neither go nor move while a run delivers to them', async () => {
    const { account } = (await post(web('Busy'))).body
    endpoint.breakBy(({ method }) => (method === 'PUT' ? { status: 503, headers: { 'Retry-After': '3600' } } : null))
    const run = await startedBulk(admin, [{ name: 'a.txt', bytes: 'a' }], { accounts: [account.id] })
    const inUse = { status: 409, body: { error: { code: 'in_use' } } }
    const below = { address: { url: `http://127.0.0.1:${endpoint.port}/below/` } }
    expect(await admin.request('DELETE', paths.account(account.id))).toMatchObject(inUse)
    expect(await patch<WireError>(account, below)).toMatchObject(inUse)
    expect((await patch(account, { name: 'Still busy' })).status).toBe(200)
    await admin.request('POST', paths.cancel(run))
    await admin.ended(run)
    endpoint.breakBy(() => null)
    expect((await patch(account, below)).status).toBe(200)
  })

  it('can be removed', async () => {
    const { account } = (await post(web('Gone'))).body
    expect((await admin.request('DELETE', paths.account(account.id))).status).toBe(204)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      expect((await admin.request(method, paths.account(account.id), method === 'PATCH' ? { json: {} } : {})).status).toBe(404)
    }
  })

  it.each([
    [{ driver: 'ftp', address: {}, secrets: {} }, 400],
    [{ driver: 'sftp', address: { host: '127.0.0.1', user: 'x' }, secrets: {} }, 400],
    [{ driver: 'webdav', address: { url: 'file:///etc/passwd' } }, 400],
    [{ driver: 'http', address: { url: 'https://x.example/', headers: { 'X-A': 'a\r\nX-B: b' } } }, 400],
    [{ driver: 'directory', address: { folder: '../uploads' } }, 400],
    [{ driver: 'http', address: { url: 'https://169.254.169.254/latest/meta-data/' } }, 422],
    [{ driver: 'http', address: { url: 'https://[::1]/' } }, 422],
    [{ driver: 'http', address: { url: 'https://0x7f.2/' } }, 422],
    [{ driver: 'http', address: { url: 'http://localhost:1/' } }, 400],
    [{ driver: 'sftp', address: { host: '127.0.0.2', user: 'x' }, secrets: { password: 'x' } }, 422],
    [{ driver: 's3', address: { region: 'x@127.0.0.1/', bucket: 'b' }, secrets: { accessKeyId: 'a', secretAccessKey: 'b' } }, 400],
  ])('are refused: %j', async (place, status) => {
    expect((await post({ name: 'Refused', ...place })).status).toBe(status)
    const tested = await post<AccountTest>(place, `${paths.accounts}/test`)
    expect(tested).toMatchObject(status === 400 && tested.status === 400 ? { status: 400 } : { status: 200, body: { ok: false } })
  })

  it('are for people who are logged in', async () => {
    const stranger = new Client(app.url)
    expect((await stranger.get(paths.accounts)).status).toBe(401)
    expect((await stranger.request('POST', paths.accounts, { json: web('x') })).status).toBe(401)
  })
})

describe('an account', () => {
  it('in a folder is tried there, and the folder is empty afterwards', async () => {
    const app = await startApp()
    const admin = await app.admin()
    const json = { name: 'Folder', driver: 'directory', address: { folder: 'north' } }
    expect((await admin.request('POST', paths.accounts, { json })).status).toBe(201)
    expect(await readdir(path.join(app.dataDir, 'deliveries', 'north'))).toEqual([])
    await app.close()
  })

  it('whose secrets can’t be read any more gets new ones', async () => {
    const endpoint = await startHttpEndpoint()
    const first = await startApp({ DESTINATION_HOSTS: '127.0.0.1', SECRET_KEY: 'the first key of this server' })
    const id = await addEndpoint(await first.admin(), 'Endpoint', endpoint)
    const app = await first.restart({ SECRET_KEY: 'another key, of which the first is not known' })
    const admin = await app.admin()
    const test = async () => (await admin.request<AccountTest>('POST', paths.accountTest(id), { json: {} })).body
    expect((await admin.get<Answered>(paths.account(id))).body.account).toMatchObject({ name: 'Endpoint', secrets: [] })
    expect(await test()).toMatchObject({ ok: false, error: { code: 'destination_login_refused' } })
    expect((await admin.request('POST', paths.accountTest('nobody'), { json: {} })).status).toBe(404)
    expect((await admin.request('PATCH', paths.account(id), { json: { name: 'Renamed' } })).status).toBe(200)
    const json = { secrets: { signingKey: endpoint.signingKey } }
    expect((await admin.request<Answered>('PATCH', paths.account(id), { json })).body.account).toMatchObject({ secrets: ['signingKey'] })
    expect(await test()).toMatchObject({ ok: true })
    await app.close()
    await endpoint.close()
  })

  // Where OpenSSH's server is not installed this is named as skipped.
  it.skipIf(!hasSshd)('by SFTP learns the key of its server, and keeps it', async () => {
    const server = await startSshd()
    const app = await startApp({ DESTINATION_HOSTS: '127.0.0.0/8' })
    const admin = await app.admin()
    const address = { host: '127.0.0.1', port: server.port, user: server.user, folder: server.folder }
    const json = { name: 'Server', driver: 'sftp', address, secrets: { privateKey: server.privateKey } }
    const { account } = (await admin.request<Answered>('POST', paths.accounts, { json })).body
    expect(account.address).toMatchObject({ hostKey: server.hostKey })
    const changed = await admin.request<Answered>('PATCH', paths.account(account.id), { json: { address } })
    expect(changed.body.account.address).toMatchObject({ hostKey: server.hostKey })
    expect(await readdir(server.folder)).toEqual([])
    await app.close()
    await server.stop()
  })
})
