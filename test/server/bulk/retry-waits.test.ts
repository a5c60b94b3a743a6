import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { addEndpoint, addFolder, bulkSettings, startedBulk } from '../../support/bulk.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('a bulk upload that is to be tried again', (start) => {
  let app: TestApp
  let api: ApiClient
  let endpoint: HttpEndpointServer
  beforeAll(async () => {
    app = await start({ ...bulkSettings, JOB_CONCURRENCY: '1' })
    api = await app.admin()
    endpoint = await startHttpEndpoint()
  })
  afterAll(async () => {
    await app.close()
    await endpoint.close()
  })

  it('knows what it has delivered, while it waits and when it is cancelled before its turn', async () => {
    const [folder, office] = [await addFolder(api, 'Folder'), await addEndpoint(api, 'Office', endpoint)]
    const files = ['a', 'b', 'c'].map((name) => ({ name: `${name}.txt`, bytes: name }))
    endpoint.refuseBy({ status: 401 })
    const id = await startedBulk(api, files, { accounts: [folder, office] })
    const ledger = { total: 6, succeeded: 3, failed: 0, skipped: 0, notReached: 3 }
    expect(await api.ended(id)).toMatchObject({ status: 'partly_failed', ledger })
    endpoint.refuseBy(null)
    const gate = Promise.withResolvers<void>()
    endpoint.breakBy(() => gate.promise)
    const first = await startedBulk(api, [{ name: 'first.txt', bytes: 'first' }], { accounts: [office] })
    try {
      await api.request('POST', paths.retry(id), { json: { only: 'failed' } })
      const seen = async () => (await api.get<{ import: ImportView }>(paths.import(id))).body.import
      expect(await seen()).toMatchObject({ status: 'queued', ledger, progress: { percent: 50, done: 3, total: 6 } })
      await api.request('POST', paths.cancel(id))
      expect(await seen()).toMatchObject({ status: 'cancelled', ledger, progress: { percent: 50, done: 3, total: 6 } })
    } finally {
      gate.resolve()
    }
    expect(await api.ended(first)).toMatchObject({ status: 'succeeded' })
  })
})
