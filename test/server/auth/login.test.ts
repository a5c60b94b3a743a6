import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loginCookie, paths } from '../../../shared/protocol/paths.ts'
import type { MeView } from '../../../shared/protocol/views.ts'
import { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { adminLogin, adminPassword, startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const background = { 'X-Background': '1' }
const tryLogin = async (url: string, login: string, password: string) =>
  await new ApiClient(url).request<{ error: { code: string; message: string } }>('POST', paths.login, { json: { login, password } })

describeOnAppDatabases('logging in', (start) => {
  let app: TestApp
  beforeAll(async () => {
    app = await start()
  })
  afterAll(async () => await app.close())

  it('answers who it is and when the login ends', async () => {
    const api = await app.admin()
    const { status, body } = await api.get<MeView>(paths.me)
    expect(status).toBe(200)
    expect(body.user).toMatchObject({ login: adminLogin, role: 'superuser', disabled: false })
    expect(body.user).not.toHaveProperty('passwordHash')
    const idle = Date.parse(body.expiresAt) - Date.now()
    expect(idle).toBeGreaterThan(29 * 60_000)
    expect(idle).toBeLessThanOrEqual(30 * 60_000)
    expect(Date.parse(body.absoluteExpiresAt) - Date.now()).toBeGreaterThan(11.9 * 3_600_000)
  })

  it('ends with a logout: the cookie is dead, also for who kept it', async () => {
    const api = await app.admin()
    const secret = api.cookies.value(loginCookie)!
    expect((await api.request('POST', paths.logout)).status).toBe(204)
    expect(api.cookies.value(loginCookie)).toBeNull()
    const thief = new ApiClient(app.url)
    thief.cookies.set(loginCookie, secret)
    expect((await thief.get(paths.me)).status).toBe(401)
  })

  it('ends on all devices when asked to', async () => {
    const [here, there] = [await app.admin(), await app.admin()]
    await here.request('POST', paths.logout, { json: { everywhere: true } })
    expect((await there.get(paths.me)).status).toBe(401)
  })

  it('does not tell an unknown login from a wrong password', async () => {
    const unknown = await tryLogin(app.url, 'nobody', 'some password')
    const wrong = await tryLogin(app.url, adminLogin, 'some password')
    expect([unknown.status, wrong.status]).toEqual([401, 401])
    expect(unknown.body.error.code).toBe('login_failed')
    expect(unknown.body.error.message).toBe(wrong.body.error.message)
  })

  it('makes a new secret: one that was planted before is worth nothing', async () => {
    const planted = 'A'.repeat(43)
    const victim = new ApiClient(app.url)
    victim.cookies.set(loginCookie, planted)
    await victim.login(adminLogin, adminPassword)
    expect(victim.cookies.value(loginCookie)).not.toBe(planted)
    const attacker = new ApiClient(app.url)
    attacker.cookies.set(loginCookie, planted)
    expect((await attacker.get(paths.me)).status).toBe(401)
  })

  it.each([
    ['', ''],
    [null, 5],
    [{ $ne: null }, { $ne: null }],
    ['admin\u0000', 'x'],
    ['x'.repeat(200), 'x'],
  ])('refuses %j with %j as input, and stays up', async (login, password) => {
    const answer = await new ApiClient(app.url).request('POST', paths.login, { json: { login, password } })
    expect([400, 401]).toContain(answer.status)
  })

  it('refuses a user who is disabled, in the same words', async () => {
    const admin = await app.admin()
    const { body } = await admin.request<{ user: { id: string } }>('POST', paths.users, { json: { login: 'Gone', password: 'their own words' } })
    expect((await tryLogin(app.url, 'gone', 'their own words')).status).toBe(200)
    await admin.request('PATCH', paths.user(body.user.id), { json: { disabled: true } })
    const refused = await tryLogin(app.url, 'gone', 'their own words')
    expect(refused.status).toBe(401)
    expect(refused.body.error.code).toBe('login_failed')
  })

  it('keeps no password and no cookie in the server log', async () => {
    const api = await app.admin()
    const log = JSON.stringify(app.logLines())
    expect(log).not.toContain(adminPassword)
    expect(log).not.toContain(api.cookies.value(loginCookie))
  })
})

describeOnAppDatabases('a login that is not used', (start) => {
  let app: TestApp
  afterEach(async () => {
    vi.useRealTimers()
    await app.close()
  })
  /** From the first call on the clock goes by the test alone: a machine that stalls ends no login. */
  const later = (minutes: number) => void vi.setSystemTime(Date.now() + minutes * 60_000)

  it('ends when idle, and lives while it is used', async () => {
    app = await start({ LOGIN_IDLE_MINUTES: '30' })
    later(0)
    const [used, idle] = [await app.admin(), await app.admin()]
    const ask = async () => [(await used.get(paths.me)).status, (await idle.get(paths.me, background)).status]
    later(29)
    expect(await ask()).toEqual([200, 200])
    later(1)
    expect(await ask()).toEqual([200, 401])
  })

  it('ends at its absolute time, however much it is used', async () => {
    app = await start({ LOGIN_ABSOLUTE_HOURS: '0.4' })
    later(0)
    const api = await app.admin()
    const { body } = await api.get<MeView>(paths.me)
    expect(body.expiresAt).toBe(body.absoluteExpiresAt)
    later(23)
    expect((await api.get(paths.me)).status).toBe(200)
    later(1)
    expect((await api.get(paths.me)).status).toBe(401)
  })
})

describe('guessing passwords', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(async () => await app.close())

  it('is stopped for a login after ten wrong ones, and says when to come back', async () => {
    const answers = []
    for (let attempt = 0; attempt < 11; attempt++) answers.push(await tryLogin(app.url, 'target', 'wrong words'))
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 429])
    const last = answers.at(-1)!
    expect(last.body.error.code).toBe('rate_limited')
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(200)
    expect(Number(last.headers.get('retry-after'))).toBeLessThanOrEqual(300)
  })

  it('does not lock out who logs in rightly, however often', async () => {
    for (let attempt = 0; attempt < 40; attempt++) {
      const { status } = await tryLogin(app.url, adminLogin, adminPassword)
      expect({ attempt, status }).toEqual({ attempt, status: 200 })
    }
  })

  it('is stopped for an address that tries many logins', async () => {
    const statuses: number[] = []
    for (let attempt = 0; attempt < 31; attempt++) statuses.push((await tryLogin(app.url, `user ${attempt}`, 'wrong words')).status)
    expect(statuses.at(-1)).toBe(429)
  })
})
