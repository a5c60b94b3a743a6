import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DeliveryChange } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { addFolder, deliveriesOf, startedBulk } from '../../support/bulk.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('a bulk upload', (start) => {
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
  })
  afterAll(async () => await app.close())

  const inFolder = async (name: string) => await readdir(path.join(app.dataDir, 'deliveries', name))

  it('brings one file to one account', async () => {
    const account = await addFolder(api, 'North')
    const id = await startedBulk(api, [{ name: 'notes.txt', bytes: 'something to read' }], { accounts: [account] })
    const view = await api.ended(id)
    expect(view).toMatchObject({ kind: 'bulk', status: 'succeeded', ledger: { total: 1, succeeded: 1, failed: 0, skipped: 0, notReached: 0 } })
    const [name, ...more] = await inFolder('North')
    expect(more).toEqual([])
    expect(name).toMatch(/^notes-North-[a-z0-9]{10}\.txt$/)
    expect(await readFile(path.join(app.dataDir, 'deliveries', 'North', name!), 'utf8')).toBe('something to read')
    const page = await deliveriesOf(api, id)
    expect(page).toMatchObject({
      lastSeq: view.lastSeq,
      accounts: [{ id: account, name: 'North', driver: 'directory', counts: { verified: 1 } }],
      deliveries: [{ file: 0, account, state: 'verified', attempts: 1, bytes: 17, size: 17, path: name }],
    })
    const changes = (await api.events(id))
      .filter(({ stream }) => stream === 'account/North')
      .map(({ data }) => (data as { delivery: DeliveryChange }).delivery)
    expect(changes.map(({ state }) => state)).toEqual(['valid', 'copied', 'delivered', 'verified'])
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toHaveLength(1)
  })
})
