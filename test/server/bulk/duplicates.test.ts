import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { addFolder, deliveriesOf, startedBulk } from '../../support/bulk.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('the first of the files with the same content', (start) => {
  let app: TestApp
  let api: ApiClient
  let [north, south]: string[] = []
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
    north = await addFolder(api, 'North')
    south = await addFolder(api, 'South')
  })
  afterAll(async () => await app.close())

  it('stands for the others with its content, unless it is refused for its name', async () => {
    const files = ['film.mp4', 'notes.txt', 'notes again.txt'].map((name) => ({ name, bytes: 'some notes' }))
    const id = await startedBulk(api, files, { accounts: [north!, south!] })
    expect(await api.ended(id)).toMatchObject({ status: 'partly_failed', ledger: { total: 6, succeeded: 2, failed: 2, skipped: 2 } })
    const { deliveries } = await deliveriesOf(api, id)
    expect(deliveries.map(({ file, state }) => `${file} ${state}`)).toEqual(
      Array.from({ length: 2 }, () => ['0 failed', '1 verified', '2 skipped']).flat(),
    )
    expect(await readdir(path.join(app.dataDir, 'deliveries', 'South'))).toContainEqual(expect.stringMatching(/^notes-South-/))
  })

  it('is not called delivered where both are too large for the account', async () => {
    const narrow = await addFolder(api, 'Narrow', { maxBytes: 3 })
    const files = ['one.txt', 'two.txt'].map((name) => ({ name, bytes: 'more than that' }))
    const id = await startedBulk(api, files, { accounts: [narrow] })
    expect(await api.ended(id)).toMatchObject({ status: 'failed', ledger: { total: 2, succeeded: 0, failed: 2, skipped: 0 } })
  })
})
