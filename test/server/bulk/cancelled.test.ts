import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { addAccount, bulkSettings, deliveriesOf, startedBulk } from '../../support/bulk.ts'
import { eventually } from '../../support/eventually.ts'
import { startS3 } from '../../support/s3-server.ts'
import type { S3Server } from '../../support/s3-server.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const mib = 1024 * 1024

describe('a bulk upload that is cancelled', () => {
  let app: TestApp
  let api: ApiClient
  let store: S3Server
  let account: string
  beforeAll(async () => {
    store = await startS3()
    app = await startApp({ ...bulkSettings, DELIVERY_RETRY_SECONDS: '600' })
    api = await app.admin()
    const { endpoint, bucket, accessKeyId, secretAccessKey, region } = store.address
    const address = { endpoint, region, bucket, prefix: 'account/', readBack: false }
    account = await addAccount(api, { name: 'Store', driver: 's3', address, secrets: { accessKeyId, secretAccessKey } })
  })
  afterAll(async () => {
    await app.close()
    await store.close()
  })

  it('leaves nothing half done of what waits for its next try, and a retry does not wait for that', async () => {
    store.breakBy((_method, _name, query) => (query.get('partNumber') === '2' ? { status: 500, code: 'InternalError' } : null))
    const files = ['one', 'two'].map((name) => ({ name: `${name}.dat`, bytes: new Uint8Array(Buffer.alloc(20 * mib, name)) }))
    const id = await startedBulk(api, files, { accounts: [account] })
    await eventually(async () => expect((await deliveriesOf(api, id)).deliveries.map(({ attempts }) => attempts)).toEqual([1, 1]))
    expect(store.uploads.size).toBe(2)
    store.breakBy(() => null)
    await api.request('POST', paths.cancel(id))
    expect(await api.ended(id)).toMatchObject({ status: 'cancelled', ledger: { total: 2, succeeded: 0, failed: 0, skipped: 0, notReached: 2 } })
    expect(store.uploads.size).toBe(0)
    await api.request('POST', paths.retry(id), { json: { only: 'all' } })
    await eventually(async () => expect((await api.get<{ import: { status: string } }>(paths.import(id))).body.import.status).toBe('succeeded'))
    expect([...store.objects.keys()].filter((name) => name.startsWith('account/'))).toHaveLength(2)
  })
})
