import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../scripts/testing/free-port.ts'
import { paths } from '../../shared/protocol/paths.ts'
import { ApiClient } from '../support/api-client.ts'
import { Gates } from '../support/gate.ts'
import { MemoryTokens, PageWatcher } from '../support/page-watcher.ts'
import { startApp } from '../support/start-app.ts'
import type { TestApp } from '../support/start-app.ts'

const upTo = (last: number): number[] => Array.from({ length: last }, (_none, index) => index + 1)

describe('the watch client of the page', () => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  let watcher: PageWatcher | undefined

  beforeAll(async () => {
    app = await startApp({ PORT: String(await freePort()) })
    api = await app.admin()
  })
  afterEach(() => watcher?.watch.close())
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('tells every event once and in order, and that the run has ended', async () => {
    const { import: run, watch } = await api.startScript([{ lines: 2500 }, { progress: 50 }, { lines: 700 }])
    watcher = new PageWatcher(api, run.id, { token: watch.token })
    await watcher.untilState('ended')
    const stored = await api.events(run.id)
    expect(watcher.events).toEqual(stored)
    expect(watcher.view?.status).toBe('succeeded')
  })

  it('begins where it is told to', async () => {
    const { import: run, watch } = await api.startScript([{ lines: 100 }])
    await api.ended(run.id)
    watcher = new PageWatcher(api, run.id, { token: watch.token, after: 40 })
    await watcher.untilState('ended')
    expect(watcher.seqs).toEqual(upTo(watcher.view!.lastSeq).slice(40))
  })

  it('goes on where it was after the server was away', async () => {
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ lines: 50 }, { until: gate.file }, { lines: 50 }])
    watcher = new PageWatcher(api, run.id, { token: watch.token })
    await watcher.until(({ events, state }) => state === 'live' && events.length >= 52)
    const away = app.restart()
    await watcher.untilState('offline')
    gate.open()
    app = await away
    await watcher.untilState('ended')
    expect(watcher.seqs).toEqual(upTo(watcher.view!.lastSeq))
    api = await app.admin()
    expect(watcher.events).toEqual(await api.events(run.id))
  })

  it('gives an open socket up at once when it is told that the network is gone', async () => {
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ until: gate.file }])
    watcher = new PageWatcher(api, run.id, { token: watch.token })
    await watcher.untilState('live')
    watcher.watch.interrupt()
    await watcher.untilState('offline')
    watcher.watch.nudge()
    await watcher.untilState('live')
    gate.open()
  })

  it('asks for a token of its own when there is a login and none is stored, and forgets it at the end', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ until: gate.file }])
    const tokens = new MemoryTokens()
    watcher = new PageWatcher(api, run.id, { tokens })
    await watcher.untilState('live')
    expect(tokens.get(run.id)).toBe(watcher.granted[0]?.token)
    gate.open()
    await watcher.untilState('ended')
    expect(tokens.kept.size).toBe(0)
  })

  it('watches by the watch cookie when there is neither a token nor a login', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ lines: 10 }, { until: gate.file }, { lines: 10 }])
    const login = api.cookies.value('intake_login')
    api.cookies.remove('intake_login')
    watcher = new PageWatcher(api, run.id)
    await watcher.until(({ state, events }) => state === 'polling' && events.length >= 12)
    gate.open()
    await watcher.untilState('ended')
    api.cookies.set('intake_login', login ?? '')
    expect(watcher.seqs).toEqual(upTo(watcher.view!.lastSeq))
  })

  it('has no right without any of the three, and goes on after a login', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ until: gate.file }])
    const stranger = new ApiClient(app.url)
    watcher = new PageWatcher(stranger, run.id)
    await watcher.untilState('unauthorized')
    await stranger.login('admin', 'correct horse battery')
    watcher.watch.resume()
    await watcher.untilState('live')
    gate.open()
    await watcher.untilState('ended')
  })

  it('drops a stored token that is no longer one, and takes what the login gives', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ until: gate.file }])
    const tokens = new MemoryTokens()
    tokens.set(run.id, 'A'.repeat(43))
    watcher = new PageWatcher(api, run.id, { tokens })
    await watcher.untilState('live')
    expect(tokens.get(run.id)).toBe(watcher.granted[0]?.token)
    gate.open()
  })

  it('stays without the right after it was revoked, although there is a login, until it is asked for', async () => {
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ until: gate.file }])
    watcher = new PageWatcher(api, run.id, { token: watch.token })
    await watcher.untilState('live')
    await api.request('DELETE', paths.watchTokens(run.id))
    await watcher.untilState('unauthorized')
    expect(watcher.reasons.at(-1)).toBe('revoked')
    watcher.watch.nudge()
    expect((await api.get<{ items: unknown[] }>(paths.watchTokens(run.id))).body.items).toEqual([])
    watcher.watch.resume()
    await watcher.untilState('live')
    gate.open()
  })

  it('says that there is no such import', async () => {
    watcher = new PageWatcher(api, 'restore_1763706660000_AAAAAAAAAAAAAAAA')
    await watcher.untilState('missing')
  })

  it('watches the next attempt when it is told of a retry', async () => {
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ log: 'once' }, { until: gate.file }, { end: 'failed' }])
    watcher = new PageWatcher(api, run.id, { token: watch.token })
    gate.open()
    await watcher.untilState('ended')
    const before = watcher.seqs.length
    await api.request('POST', paths.retry(run.id), { json: { only: 'all' } })
    watcher.watch.resume()
    await watcher.until(({ state, view }) => state === 'ended' && view?.attempt === 2)
    expect(watcher.seqs.length).toBeGreaterThan(before)
    expect(watcher.seqs).toEqual(upTo(watcher.view!.lastSeq))
  })
})

describe('the watch client of the page, with tokens of a short life', () => {
  const gates = new Gates()

  it('takes over each renewed token and brings it to the server, so that the cookie is renewed too', async () => {
    const app = await startApp({ WATCH_TOKEN_SECONDS: '4' })
    const api = await app.admin()
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ until: gate.file }])
    const tokens = new MemoryTokens()
    const watcher = new PageWatcher(api, run.id, { token: watch.token, tokens })
    try {
      await watcher.until(({ granted }) => granted.length === 2)
      expect(tokens.get(run.id)).toBe(watcher.granted[1]?.token)
      expect(watcher.states.filter((state) => state === 'offline' || state === 'unauthorized')).toEqual([])
      gate.open()
      await watcher.untilState('ended')
    } finally {
      watcher.watch.close()
      await app.close()
      gates.remove()
    }
  })
})
