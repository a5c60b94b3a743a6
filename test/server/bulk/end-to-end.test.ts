import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths, watchTokenHeader } from '../../../shared/protocol/paths.ts'
import type { DeliveriesPage, DeliveryChange, StoredEvent, TraceAnswer } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { addEndpoint, addFolder, bulkSettings, deliveriesOf, pngOf, startBulk, startedBulk } from '../../support/bulk.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import type { TestApp } from '../../support/start-app.ts'

const changesIn = (events: StoredEvent[]) =>
  events.flatMap(({ seq, stream, data }) => {
    const delivery = (data as { delivery?: DeliveryChange } | undefined)?.delivery
    return delivery ? [{ seq, stream, delivery }] : []
  })

describeOnAppDatabases('a bulk upload', (start) => {
  let app: TestApp
  let api: ApiClient
  let endpoint: HttpEndpointServer
  let [north, south, office]: string[] = []
  beforeAll(async () => {
    app = await start(bulkSettings)
    api = await app.admin()
    endpoint = await startHttpEndpoint()
    north = await addFolder(api, 'North')
    south = await addFolder(api, 'South')
    office = await addEndpoint(api, 'Office', endpoint)
  })
  afterAll(async () => {
    await app.close()
    await endpoint.close()
  })

  const namesIn = async (folder: string) => await readdir(path.join(app.dataDir, 'deliveries', folder))
  const copyIn = async (folder: string, start: string) => {
    const name = (await namesIn(folder)).find((name) => name.startsWith(start)) ?? ''
    return { name, bytes: await readFile(path.join(app.dataDir, 'deliveries', folder, name)) }
  }
  const trace = async (name: string, bytes: Buffer) => {
    const form = new FormData()
    form.set('file', new Blob([new Uint8Array(bytes)]), name)
    return (await api.request<TraceAnswer>('POST', paths.trace, { body: form })).body.found
  }

  it('brings one file to one account, and tells of every step', async () => {
    const id = await startedBulk(api, [{ name: 'notes.txt', bytes: 'something to read' }], { accounts: [north!] })
    const view = await api.ended(id)
    expect(view).toMatchObject({ kind: 'bulk', status: 'succeeded', ledger: { total: 1, succeeded: 1, failed: 0, skipped: 0, notReached: 0 } })
    const { name, bytes } = await copyIn('North', 'notes')
    expect(name).toMatch(/^notes-North-[a-z0-9]{10}\.txt$/)
    expect(bytes.toString()).toBe('something to read')
    expect(await deliveriesOf(api, id)).toMatchObject({
      lastSeq: view.lastSeq,
      accounts: [{ id: north, name: 'North', driver: 'directory', counts: { verified: 1 } }],
      deliveries: [{ file: 0, account: north, state: 'verified', attempts: 1, bytes: 17, size: 17, path: name }],
    })
    const told = changesIn(await api.events(id))
    expect(told.map(({ delivery, stream }) => `${stream} ${delivery.state}`)).toEqual(
      ['valid', 'copied', 'delivered', 'verified'].map((state) => `account/North ${state}`),
    )
    // The upload is kept for a retry, the copy is not.
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toHaveLength(1)
  })

  it('gives each account a copy of its own, which is traced back to it', async () => {
    const id = await startedBulk(api, [{ name: 'dot.png', bytes: pngOf(7) }], { accounts: [north!, south!] })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded' })
    const [ofNorth, ofSouth] = [await copyIn('North', 'dot'), await copyIn('South', 'dot')]
    expect(ofNorth.bytes.equals(ofSouth.bytes)).toBe(false)
    const found = { importId: id, account: { id: south, name: 'South' }, file: 'dot.png' }
    expect(await trace('whatever.png', ofSouth.bytes)).toMatchObject({ ...found, by: 'mark' })
    // Somebody wrote over the mark: all that is left is the name.
    const spoiled = Buffer.from(ofSouth.bytes.toString('latin1').replace('intake:1', 'intake:x'), 'latin1')
    expect(await trace(ofSouth.name, spoiled)).toMatchObject({ ...found, by: 'name' })
    expect(await trace('whatever.png', spoiled)).toBeNull()
    const { bytes } = await copyIn('North', 'notes')
    expect(await trace('unknown.txt', bytes)).toMatchObject({ account: { id: north }, by: 'checksum' })
  })

  it('fails what can’t be delivered and nothing else; a retry of the failed touches those alone', async () => {
    endpoint.breakBy(({ method, path }) => (method === 'PUT' && path.startsWith('two') ? { status: 403 } : null))
    const files = [
      { name: 'one.txt', bytes: 'first' },
      { name: 'two.txt', bytes: 'second' },
      { name: 'three.png', bytes: 'no picture' },
      { name: 'one again.txt', bytes: 'first' },
    ]
    const { body: started } = await startBulk(api, files, { accounts: [office!, north!] })
    const { id } = started.import
    expect(started.import).toMatchObject({ progress: { unit: 'deliveries', total: 8 } })
    const view = await api.ended(id)
    const ledger = { total: 8, succeeded: 3, failed: 3, skipped: 2, notReached: 0 }
    expect(view).toMatchObject({ status: 'partly_failed', ledger })
    const page = await deliveriesOf(api, id, 3)
    expect(page.deliveries.map(({ file, account, state }) => `${file} ${account === office ? 'office' : 'north'} ${state}`)).toEqual([
      '0 office verified',
      '1 office failed',
      '2 office failed',
      '3 office skipped',
      '0 north verified',
      '1 north verified',
      '2 north failed',
      '3 north skipped',
    ])
    expect(page.deliveries.map(({ error }) => error?.code).filter(Boolean)).toEqual(['destination_refused', 'file_unsupported', 'file_unsupported'])
    const some = await api.get<DeliveriesPage>(`${paths.deliveries(id)}?state=failed&account=${north}`)
    expect(some.body.deliveries).toMatchObject([{ file: 2, account: north, state: 'failed' }])
    const rejected = (await api.get(paths.rejected(id))).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(rejected).toHaveLength(3)
    expect(rejected[0]).toMatchObject({ file: 'two.txt', record: 2, key: 'Office', code: 'destination_refused' })

    endpoint.breakBy(() => null)
    const sentBefore = endpoint.kept.length
    expect((await api.request('POST', paths.retry(id), { json: { only: 'failed' } })).status).toBe(200)
    expect(await api.ended(id)).toMatchObject({ status: 'partly_failed', ledger: { ...ledger, succeeded: 4, failed: 2 } })
    expect(endpoint.kept.slice(sentBefore)).toEqual([`${id}/1/${office}`])
    const again = changesIn(await api.events(id)).filter(({ seq }) => seq > view.lastSeq)
    expect(new Set(again.map(({ delivery: { file, account } }) => `${file} ${account}`))).toEqual(
      new Set([`1 ${office}`, `2 ${office}`, `2 ${north}`]),
    )
  })

  it('is one stream: the deliveries as they were read once, and the events after them, are the deliveries at the end', async () => {
    const wait = Promise.withResolvers<void>()
    endpoint.breakBy(({ method, path }) => (method === 'PUT' && path.startsWith('slow') ? wait.promise : null))
    const files = Array.from({ length: 6 }, (_, index) => ({ name: index === 3 ? 'slow.txt' : `file ${index}.txt`, bytes: `text ${index}` }))
    const { body: started } = await startBulk(api, files, { accounts: [south!, office!] })
    const { id } = started.import
    const response = await fetch(app.url + paths.deliveries(id), { headers: { [watchTokenHeader]: started.watch.token } })
    const page = (await response.json()) as DeliveriesPage
    wait.resolve()
    await api.ended(id)
    const cells = new Map(page.deliveries.map((cell) => [`${cell.file} ${cell.account}`, cell.state]))
    expect(cells.size).toBe(12)
    const events = await api.events(id)
    for (const { seq, delivery } of changesIn(events)) if (seq > page.lastSeq) cells.set(`${delivery.file} ${delivery.account}`, delivery.state)
    expect(new Set(cells.values())).toEqual(new Set(['verified']))
    const ofOffice = await api.get<{ events: StoredEvent[] }>(`${paths.events(id)}?stream=account/Office`)
    expect(ofOffice.body.events).toEqual(events.filter(({ stream }) => stream === 'account/Office'))
    expect(ofOffice.body.events).toHaveLength(24)
    const ofOne = await api.get<{ events: StoredEvent[]; more: boolean }>(`${paths.events(id)}?stream=account/Office&file=1`)
    expect(ofOne.body.events).toEqual(ofOffice.body.events.filter(({ data }) => (data as { delivery: { file: number } }).delivery.file === 1))
    expect([ofOne.body.events.length, ofOne.body.more]).toEqual([4, false])
  })

  it('stops an account that lets nobody in, and no other', async () => {
    const files = Array.from({ length: 12 }, (_, index) => ({ name: `page ${index}.txt`, bytes: `page ${index}` }))
    endpoint.breakBy(({ path }) => (path.startsWith('page 3-') ? { status: 401 } : null))
    const id = await startedBulk(api, files, { accounts: [office!, south!] })
    const view = await api.ended(id)
    expect(view.status).toBe('partly_failed')
    const { accounts, deliveries } = await deliveriesOf(api, id)
    const [atOffice, atSouth] = accounts
    expect(atSouth!.counts).toEqual({ verified: 12 })
    expect(atOffice!.counts.stopped).toBeGreaterThan(0)
    expect(Object.keys(atOffice!.counts).every((state) => state === 'stopped' || state === 'verified')).toBe(true)
    expect(deliveries.find(({ state }) => state === 'stopped')).toMatchObject({ account: office, error: { code: 'destination_login_refused' } })
    endpoint.breakBy(() => null)
    await api.request('POST', paths.retry(id), { json: { only: 'failed' } })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded', ledger: { total: 24, succeeded: 24 } })
    expect(endpoint.kept.filter((key) => key.startsWith(`${id}/`)).toSorted()).toEqual(
      [...new Set(endpoint.kept.filter((key) => key.startsWith(`${id}/`)))].toSorted(),
    )
  })

  it('refuses accounts that are not there, and names that would meet', async () => {
    const file = { name: 'a.txt', bytes: 'a' }
    const refused = { error: { code: 'invalid_input' } }
    expect((await startBulk(api, [file], { accounts: ['account_nobody'] })).body).toMatchObject(refused)
    expect((await startBulk(api, [file], { accounts: [] })).body).toMatchObject(refused)
    expect((await startBulk(api, [file], { accounts: [north!], nameTemplate: '{name}' })).body).toMatchObject(refused)
  })

  it('goes on without an account that was removed meanwhile', async () => {
    const gone = await addEndpoint(api, 'Gone', endpoint)
    endpoint.breakBy(() => ({ status: 403 }))
    const id = await startedBulk(api, [{ name: 'late.txt', bytes: 'late' }], { accounts: [gone, office!] })
    await api.ended(id)
    endpoint.breakBy(() => null)
    await api.request('DELETE', paths.account(gone))
    await api.request('POST', paths.retry(id), { json: { only: 'failed' } })
    expect(await api.ended(id)).toMatchObject({ status: 'partly_failed', ledger: { total: 2, succeeded: 1, failed: 0, notReached: 1 } })
    const { accounts, deliveries } = await deliveriesOf(api, id)
    expect(accounts).toMatchObject([
      { id: gone, name: 'Gone', counts: { stopped: 1 } },
      { name: 'Office', counts: { verified: 1 } },
    ])
    expect(deliveries[0]).toMatchObject({ state: 'stopped', error: { code: 'not_found' } })
  })
})
