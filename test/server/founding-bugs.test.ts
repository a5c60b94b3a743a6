import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loginCookie, paths, watchCookie, watchTokenHeader } from '../../shared/protocol/paths.ts'
import type { DeliveryChange, EventPage, HistoryPage, StartAnswer } from '../../shared/protocol/views.ts'
import { readMark } from '../../server/importers/bulk/copies/mark.ts'
import type { ApiClient } from '../support/api-client.ts'
import { describeOnAppDatabases } from '../support/app-databases.ts'
import { addFolder, deliveriesOf, pngOf, startBulk } from '../support/bulk.ts'
import { Gates } from '../support/gate.ts'
import type { TestApp } from '../support/start-app.ts'
import { Watcher } from '../support/watcher.ts'

/** The three bugs that this product was made for. */
describeOnAppDatabases('the founding bugs', (start) => {
  const gates = new Gates()

  afterAll(() => gates.remove())

  describe('(a) the login expires in the middle of a run', () => {
    let app: TestApp
    let api: ApiClient
    let started: StartAnswer
    let watcher: Watcher
    const gate = gates.make()

    beforeAll(async () => {
      app = await start({ LOGIN_IDLE_MINUTES: '30' })
      // Half an hour ago: what a login may do in its time takes as long as it takes.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 31 * 60_000 })
      api = await app.admin()
      started = await api.startScript([{ log: 'before' }, { progress: 40 }, { until: gate.file }, { lines: 300 }, { log: 'after' }])
      watcher = new Watcher(app.url, started.import.id, { token: started.watch.token })
      await watcher.until(({ events }) => events.some(({ message }) => message === 'before'))
      vi.useRealTimers()
      expect((await api.get(paths.me)).status).toBe(401)
    })

    afterAll(async () => {
      vi.useRealTimers()
      watcher.close()
      await app.close()
    })

    it('goes on reading with the watch cookie: 200, never a redirect', async () => {
      expect(api.cookies.value(watchCookie)).not.toBeNull()
      const { id } = started.import
      for (const path of [paths.import(id), paths.events(id), paths.log(id), paths.rejected(id)]) {
        expect({ path, status: (await api.get(path)).status }).toEqual({ path, status: 200 })
      }
    })

    it('goes on reading with the token alone', async () => {
      const { id } = started.import
      for (const path of [paths.import(id), paths.events(id), paths.log(id), paths.rejected(id)]) {
        const response = await fetch(app.url + path, { redirect: 'manual', headers: { [watchTokenHeader]: started.watch.token } })
        expect({ path, status: response.status }).toEqual({ path, status: 200 })
        await response.arrayBuffer()
      }
    })

    it('starts nothing again, by cookie or by token, and says so plainly', async () => {
      const script = JSON.stringify([{ log: 'again' }])
      const byCookie = await api.start(script, { kind: 'table' })
      expect(byCookie.status).toBe(401)
      expect(byCookie.body).toMatchObject({ error: { code: 'unauthenticated' } })
      const byToken = await api.start(script, { kind: 'table', headers: { [watchTokenHeader]: started.watch.token } })
      expect(byToken.status).toBe(403)
      const retry = await api.request('POST', paths.retry(started.import.id))
      expect(retry.status).toBe(401)
    })

    it('is watched to its end on the socket that was open', async () => {
      gate.open()
      await watcher.untilEnd()
      const { id } = started.import
      expect(watcher.events.at(-1)).toMatchObject({ type: 'status', status: 'succeeded' })
      const stored = await (await app.admin()).events(id)
      expect(watcher.events).toEqual(stored)
      const history = await (await app.admin()).get<HistoryPage>(paths.imports)
      expect(history.body.items.map((item) => item.id)).toEqual([id])
    })
  })

  describe('(b) the next step got the path of the original file instead of the unique copy, and the log never reached the page', () => {
    let app: TestApp
    let api: ApiClient

    beforeAll(async () => {
      app = await start()
      api = await app.admin()
    })

    afterAll(async () => {
      await app.close()
    })

    it('delivers to each account its own unique copy, never the original, and tells the page of every step', async () => {
      const original = Buffer.from(pngOf(200))
      const accounts = [await addFolder(api, 'first'), await addFolder(api, 'second')]
      const { body: started } = await startBulk(api, [{ name: 'original.png', bytes: pngOf(200) }], { accounts })
      const watcher = new Watcher(app.url, started.import.id, { token: started.watch.token })
      await watcher.untilEnd()
      watcher.close()
      const { deliveries } = await deliveriesOf(api, started.import.id)
      const arrived = await Promise.all(
        ['first', 'second'].map(async (folder, index) => await readFile(join(app.dataDir, 'deliveries', folder, deliveries[index]!.path!))),
      )
      for (const [index, bytes] of arrived.entries()) {
        expect(bytes.equals(original)).toBe(false)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(deliveries[index]!.sha256)
        expect(readMark(bytes.toString('latin1'))).toMatchObject({ importId: started.import.id, accountId: accounts[index] })
      }
      expect(arrived[0]!.equals(arrived[1]!)).toBe(false)
      const ofFirst = watcher.events.filter(({ stream }) => stream === 'account/first')
      expect(ofFirst.map(({ data }) => (data as { delivery: DeliveryChange }).delivery.state)).toEqual(['valid', 'copied', 'delivered', 'verified'])
      const stored = await api.get<EventPage>(`${paths.events(started.import.id)}?stream=account/first`)
      expect(stored.body.events).toEqual(ofFirst)
    })
  })

  describe('(c) one click is one run', () => {
    let app: TestApp
    let api: ApiClient

    beforeAll(async () => {
      app = await start()
      api = await app.admin()
    })

    afterAll(async () => {
      await app.close()
    })

    it('makes exactly one run of 50 identical starts at once, of the kind asked for', async () => {
      const gate = gates.make()
      const script = JSON.stringify([{ log: 'once' }, { until: gate.file }])
      const answers = await Promise.all(Array.from({ length: 50 }, async () => await api.start(script, { kind: 'table', name: 'one.json' })))
      expect(new Set(answers.map(({ body }) => body.import.id)).size).toBe(1)
      expect(answers.filter(({ status, body }) => status === 201 && body.outcome === 'started')).toHaveLength(1)
      expect(answers.filter(({ status, body }) => status === 200 && body.outcome === 'joined')).toHaveLength(49)
      const { id } = answers[0]!.body.import
      expect(id).toMatch(/^table_\d{13}_[\w-]{16,}$/)
      gate.open()
      const view = await api.ended(id)
      expect(view).toMatchObject({ kind: 'table', status: 'succeeded', attempt: 1 })
      expect((await api.events(id)).filter(({ message }) => message === 'once')).toHaveLength(1)
      expect((await api.get<HistoryPage>(paths.imports)).body.items.filter(({ title }) => title === 'one.json')).toHaveLength(1)
    })

    it('gives each of them a watch token that works', async () => {
      const gate = gates.make()
      const script = JSON.stringify([{ until: gate.file }])
      const answers = await Promise.all(Array.from({ length: 5 }, async () => await api.start(script, { kind: 'table', name: 'tokens.json' })))
      const tokens = answers.map(({ body }) => body.watch.token)
      expect(new Set(tokens).size).toBe(5)
      for (const token of tokens) {
        const response = await fetch(app.url + paths.import(answers[0]!.body.import.id), { headers: { [watchTokenHeader]: token } })
        expect(response.status).toBe(200)
      }
      gate.open()
      await api.ended(answers[0]!.body.import.id)
    })

    it('answers a start whose answer was lost with the same run, also after its end', async () => {
      const script = JSON.stringify([{ log: 'keyed' }])
      const click = async () => await api.start(script, { kind: 'table', name: 'keyed.json', headers: { 'Idempotency-Key': 'click-1' } })
      const first = await click()
      expect(first.body.outcome).toBe('started')
      await api.ended(first.body.import.id)
      const again = await click()
      expect(again.status).toBe(200)
      expect(again.body).toMatchObject({ outcome: 'joined', import: { id: first.body.import.id } })
    })

    it('refuses the key of another import', async () => {
      const other = await api.start(JSON.stringify([{ log: 'another' }]), { kind: 'table', headers: { 'Idempotency-Key': 'click-1' } })
      expect(other.status).toBe(409)
      expect(other.body).toMatchObject({ error: { code: 'conflict' } })
    })

    it('asks before it runs the same again within 5 seconds of its end, and does so when told', async () => {
      const script = JSON.stringify([{ log: 'soon again' }])
      const first = await api.start(script, { kind: 'table', name: 'again.json' })
      const ended = await api.ended(first.body.import.id)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(ended.endedAt!) + 4_900 })
      const asked = await api.start(script, { kind: 'table', name: 'again.json' })
      vi.useRealTimers()
      expect(asked.status).toBe(409)
      expect(asked.body).toMatchObject({ error: { code: 'recently_finished', details: { importId: ended.id, status: 'succeeded' } } })
      const told = await api.start(script, { kind: 'table', name: 'again.json', options: { again: true } })
      expect(told.status).toBe(201)
      expect(told.body.import.id).not.toBe(ended.id)
      expect(await api.ended(told.body.import.id)).toMatchObject({ status: 'succeeded' })
    })

    it('knows the same content under another name', async () => {
      const gate = gates.make()
      const script = JSON.stringify([{ until: gate.file }])
      const first = await api.start(script, { kind: 'table', name: 'backup.json' })
      const renamed = await api.start(script, { kind: 'table', name: 'backup (1).json' })
      expect(renamed.body).toMatchObject({ outcome: 'joined', import: { id: first.body.import.id } })
      gate.open()
      await api.ended(first.body.import.id)
    })

    it('does not take another kind, target or other options for the same', async () => {
      const gate = gates.make()
      const script = JSON.stringify([{ until: gate.file }])
      await api.request('POST', paths.targets, { json: { name: 'Second', url: 'sqlite:second.db' } })
      const { body } = await api.get<{ items: { id: string; name: string }[] }>(paths.targets)
      const second = body.items.find(({ name }) => name === 'Second')!.id
      const first = await api.start(script, { kind: 'table' })
      const elsewhere = await api.start(script, { kind: 'table', target: second })
      const otherwise = await api.start(script, { kind: 'table', options: { colour: 'red' } })
      expect([first, elsewhere, otherwise].map(({ status }) => status)).toEqual([201, 201, 201])
      gate.open()
      for (const { body: answer } of [first, elsewhere, otherwise]) await api.ended(answer.import.id)
    })
  })

  it('sets its cookies out of the reach of scripts and of other sites', async () => {
    const app = await start()
    try {
      const login = await fetch(app.url + paths.login, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ login: 'admin', password: 'correct horse battery' }),
      })
      const [cookie] = login.headers.getSetCookie()
      expect(cookie).toMatch(new RegExp(`^${loginCookie}=[\\w-]{43}; path=/; expires=[^;]+; samesite=lax; httponly$`))
    } finally {
      await app.close()
    }
  })
})
