import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loginCookie, paths, watchTokenHeader } from '../../../shared/protocol/paths.ts'
import type { StartAnswer, WatchGrant, WatchTokenView } from '../../../shared/protocol/views.ts'
import { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { askHistory, handshake, openSocket, watch, Watcher } from '../../support/watcher.ts'
import { eventually } from '../../support/eventually.ts'

const loginCookieOf = (api: ApiClient) => `${loginCookie}=${api.cookies.value(loginCookie)}`

describeOnAppDatabases('the right to watch over a socket', (start) => {
  const gates = new Gates()
  const gate = gates.make()
  let app: TestApp
  let api: ApiClient
  let run: StartAnswer

  beforeAll(async () => {
    app = await start()
    api = await app.admin()
    run = await api.startScript([{ log: 'hello' }, { until: gate.file }])
  })

  afterAll(async () => {
    gate.open()
    await app.close()
    gates.remove()
  })

  const connected = async (right: { token?: string; cookie?: string }): Promise<Watcher> => {
    const watcher = new Watcher(app.url, run.import.id, right)
    await watcher.until(({ events }) => events.some(({ message }) => message === 'hello'))
    return watcher
  }
  const untilClosed = async (watcher: Watcher) => await watcher.until(({ connected: open }) => !open)
  const grant = async (by = api) => (await by.request<WatchGrant>('POST', paths.watchTokens(run.import.id))).body.token

  it.each([
    ['nothing', {}],
    ['an unknown token', { token: 'A'.repeat(43) }],
    ['an unknown cookie', { cookie: `${loginCookie}=${'A'.repeat(43)}` }],
    ['a token in a cookie of another name', { cookie: 'intake_watching=x' }],
  ])('is refused to who brings %s, with the error of the API', async (_what, right) => {
    const socket = openSocket(app.url, right)
    const refused = await handshake(socket)
    expect(refused).toMatchObject({ code: 'unauthenticated', message: expect.any(String), requestId: expect.any(String) })
    socket.disconnect()
  })

  it('comes with a login, for all import sessions and their history', async () => {
    const socket = openSocket(app.url, { cookie: loginCookieOf(api) })
    expect(await handshake(socket)).toBeNull()
    expect(await watch(socket, { importId: run.import.id })).toMatchObject({ ok: true })
    expect(await askHistory(socket)).toEqual({ ok: true })
    socket.disconnect()
  })

  it('comes with a token, for its own import session alone', async () => {
    const other = await api.startScript([{ log: 'other' }, { until: gate.file }])
    const socket = openSocket(app.url, { token: run.watch.token })
    expect(await handshake(socket)).toBeNull()
    expect(await watch(socket, { importId: run.import.id })).toMatchObject({ ok: true })
    const foreign = await watch(socket, { importId: other.import.id })
    const unknown = await watch(socket, { importId: 'restore_1763706660000_AAAAAAAAAAAAAAAA' })
    expect(foreign).toMatchObject({ ok: false, error: { code: 'not_found' } })
    expect(unknown).toEqual(foreign)
    expect(await askHistory(socket)).toMatchObject({ ok: false, error: { code: 'forbidden' } })
    socket.disconnect()
  })

  it('hears nothing of runs that it may not see', async () => {
    const watcher = await connected({ token: run.watch.token })
    const heard: string[] = []
    watcher.socket.onAny((_event: string, message: { importId?: string; import?: { id: string } }) =>
      heard.push(message.importId ?? message.import?.id ?? ''),
    )
    const other = await api.startScript([{ lines: 10 }], { target: await api.addTarget('another') })
    await api.ended(other.import.id)
    expect(heard.filter((id) => id !== run.import.id)).toEqual([])
    watcher.close()
  })

  it('ends with its revocation, and says so', async () => {
    const token = await grant()
    const [watcher, unharmed] = [await connected({ token }), await connected({ token: run.watch.token })]
    const { items } = (await api.get<{ items: WatchTokenView[] }>(paths.watchTokens(run.import.id))).body
    await api.request('DELETE', paths.watchToken(run.import.id, items.at(-1)!.id))
    await untilClosed(watcher)
    expect(watcher.revoked).toEqual(['revoked'])
    const again = openSocket(app.url, { token })
    expect(await handshake(again)).toMatchObject({ code: 'unauthenticated' })
    expect(unharmed.connected).toBe(true)
    unharmed.close()
  })

  it('ends when its user is disabled, or gets another password or role', async () => {
    const reasons = { disabled: 'user_disabled', password: 'password_changed', role: 'role_lost' }
    for (const [what, change] of [
      ['disabled', { disabled: true }],
      ['password', { password: 'quite another one' }],
      ['role', { role: 'superuser' }],
    ] as const) {
      const login = `socket-${what}`
      const { body } = await api.request<{ user: { id: string } }>('POST', paths.users, { json: { login, password: 'first of their own' } })
      const user = await new ApiClient(app.url).login(login, 'first of their own')
      const sockets = [await connected({ token: await grant(user) }), await connected({ cookie: loginCookieOf(user) })]
      await api.request('PATCH', paths.user(body.user.id), { json: change })
      for (const socket of sockets) {
        await untilClosed(socket)
        expect(socket.revoked).toEqual([reasons[what]])
      }
    }
  })

  it('of a login ends with its logout; that of a token does not, unless watching is stopped', async () => {
    const leaving = await app.admin()
    const [byLogin, byToken] = [await connected({ cookie: loginCookieOf(leaving) }), await connected({ token: await grant(leaving) })]
    const before = await app.admin()
    await leaving.request('POST', paths.logout)
    await untilClosed(byLogin)
    expect(byLogin.revoked).toEqual(['logout'])
    expect(await watch(byToken.socket, { importId: run.import.id })).toMatchObject({ ok: true })
    byToken.close()

    const stopped = await connected({ token: await grant(before) })
    await before.request('POST', paths.logout, { json: { stopWatching: true } })
    await untilClosed(stopped)
    expect(stopped.revoked).toEqual(['logout'])
  })

  it('of a token outlives a logout everywhere, that of every login does not', async () => {
    const { body } = await api.request<{ user: { id: string } }>('POST', paths.users, {
      json: { login: 'everywhere', password: 'first of their own' },
    })
    expect(body.user.id).toBeDefined()
    const [here, there] = [new ApiClient(app.url), new ApiClient(app.url)]
    for (const device of [here, there]) await device.login('everywhere', 'first of their own')
    const byLogin = [await connected({ cookie: loginCookieOf(here) }), await connected({ cookie: loginCookieOf(there) })]
    const byToken = await connected({ token: await grant(there) })
    await here.request('POST', paths.logout, { json: { everywhere: true } })
    for (const socket of byLogin) await untilClosed(socket)
    expect(await watch(byToken.socket, { importId: run.import.id })).toMatchObject({ ok: true })
    expect(byToken.revoked).toEqual([])
    byToken.close()
  })
})

describeOnAppDatabases('a watch token that ends soon', (start) => {
  const gates = new Gates()
  let app: TestApp

  beforeAll(async () => {
    app = await start({ WATCH_TOKEN_SECONDS: '2' })
  })
  afterEach(() => void vi.useRealTimers())
  afterAll(async () => {
    await app.close()
    gates.remove()
  })
  /** A slow machine does not let a token end on the way to its socket: the clock stands still until `begun` goes on. */
  const standStill = () => void vi.setSystemTime(Date.now())
  const begun = async ({ import: { id }, watch: { token } }: StartAnswer): Promise<Watcher> => {
    const watcher = new Watcher(app.url, id, { token })
    await watcher.until(({ events }) => events.length > 0)
    vi.useRealTimers()
    return watcher
  }

  it('is renewed over the socket while the run lives, without a login, and each new one works', async () => {
    const gate = gates.make()
    const api = await app.admin()
    standStill()
    const run = await api.startScript([{ log: 'long' }, { until: gate.file }])
    await api.request('POST', paths.logout)
    const watcher = await begun(run)
    await watcher.until(({ tokens }) => tokens.length >= 2)
    const reads = async (token: string) => (await new ApiClient(app.url).get(paths.import(run.import.id), { [watchTokenHeader]: token })).status
    // Whichever is the newest when it is asked.
    await eventually(async () => expect(await reads(watcher.tokens.at(-1)!)).toBe(200))
    // The first one ended at its own time: renewal does not lengthen its life.
    await eventually(async () => expect(await reads(run.watch.token)).toBe(401))
    expect(watcher.connected).toBe(true)
    gate.open()
    await watcher.untilEnd()
    expect(watcher.events.at(-1)).toMatchObject({ status: 'succeeded' })
    watcher.close()
  })

  it('is not renewed after the end of the run: the socket is closed when it expires', async () => {
    const api = await app.admin()
    standStill()
    const run = await api.startScript([{ log: 'short' }])
    await api.ended(run.import.id)
    const watcher = await begun(run)
    await watcher.until(({ connected }) => !connected)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(run.watch.expiresAt) - 5)
    expect(watcher.revoked).toEqual(['expired'])
    expect(watcher.tokens).toEqual([])
  })

  it('is not renewed for a socket that has gone', async () => {
    const gate = gates.make()
    const api = await app.admin()
    standStill()
    const run = await api.startScript([{ log: 'left alone' }, { until: gate.file }])
    const watcher = await begun(run)
    await watcher.until(({ tokens }) => tokens.length >= 1)
    watcher.close()
    const count = async () => (await api.get<{ items: WatchTokenView[] }>(paths.watchTokens(run.import.id))).body.items.length
    await eventually(async () => expect(await count()).toBe(0))
    gate.open()
    await api.ended(run.import.id)
  })
})

describe('a login that ends soon', () => {
  it('takes its sockets with it when it is not used, and not before', async () => {
    const app = await startApp({ LOGIN_IDLE_MINUTES: '0.02' })
    const gates = new Gates()
    try {
      const gate = gates.make()
      // The clock goes by the test alone, so that a machine that stalls ends no login. Timers go by the right one.
      vi.setSystemTime(Date.now())
      const api = await app.admin()
      const run = await api.startScript([{ log: 'hello' }, { until: gate.file }])
      const idle = await app.admin()
      const [used, unused] = [
        new Watcher(app.url, run.import.id, { cookie: loginCookieOf(api) }),
        new Watcher(app.url, run.import.id, { cookie: loginCookieOf(idle) }),
      ]
      for (const watcher of [used, unused]) await watcher.until(({ events }) => events.length > 0)
      vi.setSystemTime(Date.now() + 1000)
      expect((await api.get(paths.me)).status).toBe(200)
      vi.setSystemTime(Date.now() + 1000)
      await unused.until(({ connected }) => !connected)
      expect(unused.revoked).toEqual(['login_expired'])
      expect(used.connected).toBe(true)
      expect(used.revoked).toEqual([])
      used.close()
      gate.open()
      await api.ended(run.import.id)
    } finally {
      vi.useRealTimers()
      await app.close()
      gates.remove()
    }
  })
})
