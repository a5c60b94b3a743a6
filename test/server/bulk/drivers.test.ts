import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMark } from '../../../server/importers/bulk/copies/mark.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { DeliveryChange } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { addAccount, addEndpoint, addFolder, bulkSettings, deliveriesOf, pngOf, startedBulk } from '../../support/bulk.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import { hasNginx, startNginxDav } from '../../support/destinations/nginx-dav.ts'
import type { DavServer } from '../../support/destinations/nginx-dav.ts'
import { hasSshd, startSshd } from '../../support/destinations/sshd.ts'
import type { SshServer } from '../../support/destinations/sshd.ts'
import { startS3 } from '../../support/s3-server.ts'
import type { S3Server } from '../../support/s3-server.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const mib = 1024 * 1024
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const names = await readdir(folder)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)))
}

describe('a bulk upload that is kept in an S3 store', () => {
  let app: TestApp
  let api: ApiClient
  let store: S3Server
  let endpoint: HttpEndpointServer
  let ssh: SshServer | null = null
  let dav: DavServer | null = null
  const accounts: { id: string; files: () => Promise<Map<string, Buffer>> }[] = []

  beforeAll(async () => {
    store = await startS3()
    endpoint = await startHttpEndpoint()
    const { endpoint: url = '', bucket, accessKeyId, secretAccessKey, region } = store.address
    const kept = { S3_BUCKET: bucket, S3_ENDPOINT: url, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, S3_REGION: region }
    app = await startApp({ ...bulkSettings, ...kept })
    api = await app.admin()
    const folder = path.join(app.dataDir, 'deliveries', 'Folder')
    await mkdir(folder, { recursive: true })
    accounts.push({ id: await addFolder(api, 'Folder'), files: async () => await filesIn(folder) })
    const address = { endpoint: url, region, bucket, prefix: 'account/', readBack: true }
    const id = await addAccount(api, { name: 'Store', driver: 's3', address, secrets: { accessKeyId, secretAccessKey } })
    const named = () => [...store.objects].flatMap(([name, { bytes }]) => (name.startsWith('account/') ? [[name.slice(8), bytes] as const] : []))
    accounts.push({ id, files: async () => new Map(named()) })
    accounts.push({ id: await addEndpoint(api, 'Endpoint', endpoint), files: async () => endpoint.files })
    if (hasSshd) {
      const server = (ssh = await startSshd())
      const place = { host: '127.0.0.1', port: server.port, user: server.user, folder: server.folder, readBack: true }
      const secrets = { privateKey: server.privateKey }
      accounts.push({
        id: await addAccount(api, { name: 'SSH', driver: 'sftp', address: place, secrets }),
        files: async () => await filesIn(server.folder),
      })
    }
    if (hasNginx) {
      const server = (dav = await startNginxDav())
      const place = { url: `http://127.0.0.1:${server.port}${server.path}`, user: server.user, readBack: true }
      const secrets = { password: server.password }
      accounts.push({
        id: await addAccount(api, { name: 'DAV', driver: 'webdav', address: place, secrets }),
        files: async () => await filesIn(server.folder),
      })
    }
  })
  afterAll(async () => {
    await app.close()
    await endpoint.close()
    await store.close()
    await ssh?.stop()
    await dav?.stop()
  })

  it('arrives by every driver, each copy once, and leaves nothing in between', async () => {
    const big = Buffer.alloc(9 * mib, 'a large file ')
    const files = [
      { name: 'Привет, мир.png', bytes: pngOf(3) },
      { name: 'large.dat', bytes: new Uint8Array(big) },
      { name: 'empty.txt', bytes: '' },
    ]
    const id = await startedBulk(api, files, { accounts: accounts.map((account) => account.id) })
    const view = await api.ended(id)
    const { deliveries } = await deliveriesOf(api, id)
    expect(deliveries.filter(({ state }) => state !== 'verified')).toEqual([])
    expect(view).toMatchObject({ status: 'succeeded', ledger: { total: 3 * accounts.length, succeeded: 3 * accounts.length } })
    for (const account of accounts) {
      const there = await account.files()
      const own = deliveries.filter((delivery) => delivery.account === account.id)
      expect([...there.keys()].toSorted()).toEqual(own.map((delivery) => String(delivery.path)).toSorted())
      for (const { path: name = '', sha256: sum, size } of own) {
        expect({ name, sum: sha256(there.get(name)!), size: there.get(name)!.length }).toEqual({ name, sum, size })
      }
      const [picture, large] = own
      expect(readMark(there.get(picture!.path!)!.toString('latin1'))).toMatchObject({ importId: id, accountId: account.id })
      expect(there.get(large!.path!)!.equals(big)).toBe(true)
    }
    expect(new Set(deliveries.filter(({ file }) => file === 0).map((delivery) => delivery.sha256)).size).toBe(accounts.length)
    // Of what the run had in the store, the uploads alone are left.
    expect([...store.objects.keys()].filter((name) => name.startsWith('uploads/'))).toHaveLength(3)
  })

  it('tries again what breaks off, not before it is asked to', async () => {
    const [, , at] = accounts
    const faults = [{ cutAfter: 0 }, { status: 503, headers: { 'Retry-After': '1' } }]
    endpoint.breakBy(({ method }) => (method === 'PUT' ? (faults.shift() ?? null) : null))
    const id = await startedBulk(api, [{ name: 'hard.txt', bytes: 'hard to deliver' }], { accounts: [at!.id] })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded' })
    const { deliveries } = await deliveriesOf(api, id)
    expect(deliveries).toMatchObject([{ state: 'verified', attempts: 3 }])
    const told = (await api.events(id)).filter(({ level, stream }) => level === 'warning' && stream === 'account/Endpoint')
    const changes = told.map(({ data }) => (data as { delivery: DeliveryChange }).delivery)
    expect(changes).toMatchObject([
      { state: 'copied', attempts: 1, error: { code: 'destination_unreachable' } },
      { state: 'copied', attempts: 2, error: { code: 'destination_unreachable' } },
    ])
    // The second answer came after the first was told of.
    expect(Date.parse(changes[1]?.notBefore ?? '') - Date.parse(told[0]!.at)).toBeGreaterThanOrEqual(1000)
  })

  it('takes away what arrived damaged, and delivers it again; gives up after five tries', async () => {
    const id = accounts[1]!.id
    let puts = 0
    store.breakBy((method, name) => {
      // A store that keeps something else than it was given.
      if (method === 'HEAD' && name.includes('spoilt') && puts > 0) spoil(name, puts < 3)
      if (method === 'PUT' && name.startsWith('account/spoilt')) puts += 1
      return null
    })
    const spoil = (name: string, does: boolean) => {
      const object = store.objects.get(name)
      if (object && does) object.told = { ...object.told, 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }
    }
    const run = await startedBulk(api, [{ name: 'spoilt.txt', bytes: 'spoilt on the way' }], { accounts: [id] })
    expect(await api.ended(run)).toMatchObject({ status: 'succeeded' })
    expect(puts).toBe(3)
    puts = -10
    store.breakBy((method, name) => {
      if (method === 'HEAD') spoil(name, true)
      return null
    })
    const lost = await startedBulk(api, [{ name: 'lost.txt', bytes: 'never arrives' }], { accounts: [id] })
    expect(await api.ended(lost)).toMatchObject({ status: 'failed', ledger: { failed: 1 } })
    expect((await deliveriesOf(api, lost)).deliveries).toMatchObject([{ state: 'failed', attempts: 5, error: { code: 'destination_damaged' } }])
    expect([...store.objects.keys()].filter((name) => name.startsWith('account/lost'))).toEqual([])
    store.breakBy(() => null)
    await api.request('POST', paths.retry(lost), { json: { only: 'failed' } })
    expect(await api.ended(lost)).toMatchObject({ status: 'succeeded' })
  })

  it('keeps to what an account takes: so many at a time over all runs, and no file that is too large', async () => {
    const narrow = await addEndpoint(api, 'Narrow', endpoint, { concurrency: 1, maxBytes: 1000 })
    endpoint.breakBy(() => null)
    endpoint.mostAtOnce()
    const files = (run: number) => [
      ...Array.from({ length: 5 }, (_, index) => ({ name: `${run}-${index}.txt`, bytes: `${run} ${index}` })),
      { name: 'large.txt', bytes: 'x'.repeat(1001) },
    ]
    const runs = await Promise.all([1, 2].map(async (run) => await startedBulk(api, files(run), { accounts: [narrow] })))
    for (const run of runs) {
      expect(await api.ended(run)).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 5, failed: 1 } })
      const { deliveries } = await deliveriesOf(api, run)
      expect(deliveries.at(-1)).toMatchObject({ state: 'failed', error: { code: 'destination_too_large' } })
    }
    expect(endpoint.mostAtOnce()).toBe(1)
  })

  it('is cancelled: what is under way stops, the rest is not reached, and a retry goes on with it', async () => {
    const [, , at] = accounts
    const [reached, never] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    endpoint.breakBy(({ method }) => {
      if (method !== 'PUT') return null
      reached.resolve()
      return never.promise
    })
    const files = Array.from({ length: 3 }, (_, index) => ({ name: `part ${index}.txt`, bytes: `part ${index}` }))
    const id = await startedBulk(api, files, { accounts: [at!.id] })
    await reached.promise
    await api.request('POST', paths.cancel(id))
    expect(await api.ended(id)).toMatchObject({ status: 'cancelled', ledger: { total: 3, succeeded: 0, notReached: 3 } })
    endpoint.breakBy(() => null)
    never.resolve()
    await api.request('POST', paths.retry(id), { json: { only: 'all' } })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded', ledger: { total: 3, succeeded: 3 } })
    expect([...store.objects.keys()].filter((name) => name.startsWith('uploads/')).length).toBeLessThan(30)
  })
})
