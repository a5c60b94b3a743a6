import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginCookie, paths, watchCookie, watchTokenHeader } from '../../../shared/protocol/paths.ts'
import type { StartAnswer, WatchGrant, WatchTokenView } from '../../../shared/protocol/views.ts'
import { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { eventually } from '../../support/eventually.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('a watch token over HTTP', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  let mine: StartAnswer
  let other: StartAnswer
  const gate = gates.make()

  beforeAll(async () => {
    app = await start()
    api = await app.admin()
    mine = await api.startScript([{ log: 'mine' }, { until: gate.file }])
    other = await api.startScript([{ log: 'other' }, { until: gate.file }])
    await eventually(async () => expect((await api.import(mine.import.id)).status).toBe('running'))
  })

  afterAll(async () => {
    gate.open()
    await app.close()
    gates.remove()
  })

  /** Without any cookie. */
  const ask = async (method: string, path: string, token = mine.watch.token, json?: unknown) =>
    await new ApiClient(app.url).request<{ error?: { code: string } }>(method, path, {
      headers: { [watchTokenHeader]: token },
      ...(json !== undefined && { json }),
    })

  it('reads its own import session', async () => {
    for (const path of [paths.import, paths.events, paths.log, paths.rejected]) {
      expect((await ask('GET', path(mine.import.id))).status).toBe(200)
    }
  })

  it('answers for another as for one that does not exist', async () => {
    const missing = 'restore_1763706660000_AAAAAAAAAAAAAAAA'
    for (const path of [paths.import, paths.events, paths.log, paths.rejected]) {
      const [foreign, unknown] = [await ask('GET', path(other.import.id)), await ask('GET', path(missing))]
      expect([foreign.status, unknown.status]).toEqual([404, 404])
      expect(foreign.body.error?.code).toBe(unknown.body.error?.code)
    }
  })

  it.each([
    ['POST', (id: string) => paths.cancel(id)],
    ['POST', (id: string) => paths.retry(id)],
    ['POST', (id: string) => paths.watchTokens(id)],
    ['GET', (id: string) => paths.watchTokens(id)],
    ['DELETE', (id: string) => paths.watchTokens(id)],
    ['GET', () => paths.imports],
    ['POST', () => paths.imports],
    ['GET', () => paths.me],
    ['POST', () => paths.logout],
    ['GET', () => paths.targets],
    ['POST', () => paths.targets],
    ['GET', () => paths.users],
    ['POST', () => paths.users],
    ['GET', () => paths.samples],
  ] as const)('does nothing else: %s %o is forbidden', async (method, path) => {
    const { status, body } = await ask(method, path(mine.import.id))
    expect(status).toBe(403)
    expect(body.error?.code).toBe('forbidden')
    expect((await api.import(mine.import.id)).status).toBe('running')
  })

  it.each(['', ' ', 'x', 'A'.repeat(43), `${'A'.repeat(42)}\u00e9`, 'A'.repeat(5000)])('is refused when it is %j', async (token) => {
    const { status } = await ask('GET', paths.import(mine.import.id), token)
    expect(status).toBe(401)
  })

  it('decides alone when it is named, whatever cookies come along', async () => {
    const { status } = await api.get(paths.import(mine.import.id), { [watchTokenHeader]: 'A'.repeat(43) })
    expect(status).toBe(401)
    expect((await api.get(paths.import(other.import.id), { [watchTokenHeader]: mine.watch.token })).status).toBe(404)
  })

  it('comes as a cookie for the path of its import session alone, out of the reach of scripts', async () => {
    const answer = await api.request('POST', paths.watchTokens(mine.import.id))
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${watchCookie}=`))
    expect(cookie).toMatch(new RegExp(`; path=/api/imports/${mine.import.id}; expires=[^;]+; samesite=lax; httponly$`))
    expect(cookie).not.toMatch(/secure/i)
  })

  it('that came anew over a socket is kept in the cookie once it is shown', async () => {
    const page = new ApiClient(app.url)
    await page.get(paths.import(mine.import.id), { [watchTokenHeader]: mine.watch.token })
    expect(page.cookies.value(watchCookie)).toBe(mine.watch.token)
    expect((await page.get(paths.events(mine.import.id))).status).toBe(200)
    expect((await page.get(paths.import(other.import.id))).status).toBe(401)
  })

  it('is listed without its secret, and revoked by its id', async () => {
    const issued = await api.request<WatchGrant>('POST', paths.watchTokens(mine.import.id))
    expect((await ask('GET', paths.import(mine.import.id), issued.body.token)).status).toBe(200)
    const list = await api.get<{ items: WatchTokenView[] }>(paths.watchTokens(mine.import.id))
    expect(list.text).not.toContain(issued.body.token)
    const newest = list.body.items.at(-1)!
    expect(newest.lastUsedAt).toBeDefined()
    expect((await api.request('DELETE', paths.watchToken(mine.import.id, newest.id))).status).toBe(204)
    expect((await ask('GET', paths.import(mine.import.id), issued.body.token)).status).toBe(401)
    expect((await ask('GET', paths.import(mine.import.id))).status).toBe(200)
    expect((await api.request('DELETE', paths.watchToken(mine.import.id, newest.id))).status).toBe(404)
  })

  it('is revoked with all others of its import session, and with no others', async () => {
    const run = await api.startScript([{ log: 'revoked' }, { until: gate.file }])
    await api.request('DELETE', paths.watchTokens(run.import.id))
    expect((await ask('GET', paths.import(run.import.id), run.watch.token)).status).toBe(401)
    expect((await ask('GET', paths.import(mine.import.id))).status).toBe(200)
  })

  it('outlives an ordinary logout, and ends with one that stops watching', async () => {
    const leaving = await app.admin()
    const grant = async () => (await leaving.request<WatchGrant>('POST', paths.watchTokens(mine.import.id))).body.token
    const first = await grant()
    await leaving.request('POST', paths.logout)
    expect((await ask('GET', paths.import(mine.import.id), first)).status).toBe(200)
    await leaving.login('admin', 'correct horse battery')
    const second = await grant()
    await leaving.request('POST', paths.logout, { json: { stopWatching: true } })
    expect((await ask('GET', paths.import(mine.import.id), second)).status).toBe(401)
    // Those of other devices are not touched.
    expect((await ask('GET', paths.import(mine.import.id), first)).status).toBe(200)
  })

  it('ends with its user: disabled, another password, another role', async () => {
    for (const change of [{ disabled: true }, { password: 'quite another one' }, { role: 'superuser' }]) {
      const login = `watcher${Object.keys(change)[0]!.toLowerCase()}`
      const { body } = await api.request<{ user: { id: string } }>('POST', paths.users, { json: { login, password: 'first of their own' } })
      const user = await new ApiClient(app.url).login(login, 'first of their own')
      const { token } = (await user.request<WatchGrant>('POST', paths.watchTokens(mine.import.id))).body
      expect((await ask('GET', paths.import(mine.import.id), token)).status).toBe(200)
      expect((await api.request('PATCH', paths.user(body.user.id), { json: change })).status).toBe(200)
      expect((await ask('GET', paths.import(mine.import.id), token)).status).toBe(401)
      expect((await user.get(paths.me)).status).toBe(401)
    }
  })

  it('is in no address and in no line of the server log', async () => {
    const log = JSON.stringify(app.logLines())
    expect(log).not.toContain(mine.watch.token)
    expect(log).not.toContain(api.cookies.value(loginCookie))
  })
})

describe('cookies behind https', () => {
  it('are secure', async () => {
    const app = await startApp({ PUBLIC_URL: 'https://intake.example', TRUST_PROXY: 'true' })
    try {
      const api = await app.admin()
      const { import: run } = await api.startScript([{ log: 'x' }])
      const cookies = [
        (await api.request('POST', paths.login, { json: { login: 'admin', password: 'correct horse battery' } })).headers.getSetCookie(),
        (await api.request('POST', paths.watchTokens(run.id))).headers.getSetCookie(),
      ].flat()
      expect(cookies).toHaveLength(2)
      for (const cookie of cookies) expect(cookie).toMatch(/; secure(;|$)/)
      await api.ended(run.id)
    } finally {
      await app.close()
    }
  })
})
