import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginCookie, paths } from '../../../shared/protocol/paths.ts'
import type { HistoryPage } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { handshake, openSocket } from '../../support/watcher.ts'

describe('pages of other sites', () => {
  let app: TestApp
  let api: ApiClient
  let host: string
  let port: string

  beforeAll(async () => {
    app = await startApp({ PUBLIC_URL: 'https://intake.example' })
    api = await app.admin()
    host = new URL(app.url).host
    port = new URL(app.url).port
  })
  afterAll(async () => await app.close())

  const foreign: [string, () => Record<string, string>][] = [
    ['Sec-Fetch-Site: cross-site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
    ['Sec-Fetch-Site: same-site', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    ['Sec-Fetch-Site that nobody knows', () => ({ 'Sec-Fetch-Site': 'friendly' })],
    ['cross-site with an Origin that is forged to be ours', () => ({ 'Sec-Fetch-Site': 'cross-site', Origin: `http://${host}` })],
    ['a foreign Origin', () => ({ Origin: 'https://evil.example' })],
    ['an Origin that begins as ours', () => ({ Origin: `http://${host}.evil.example` })],
    ['an Origin that begins as our public name', () => ({ Origin: 'https://intake.example.evil.example' })],
    ['our host on another port', () => ({ Origin: `http://127.0.0.1:${Number(port) + 1}` })],
    ['Origin: null', () => ({ Origin: 'null' })],
    ['an Origin that is none', () => ({ Origin: 'evil' })],
  ]

  it.each(foreign)('can not start an import with our cookie: %s', async (_name, headers) => {
    const answer = await api.start('[]', { kind: 'table', headers: headers() })
    expect(answer.status).toBe(403)
    expect(answer.body).toMatchObject({ error: { code: 'cross_site' } })
    expect((await api.get<HistoryPage>(paths.imports)).body.total).toBe(0)
    expect(await readdir(path.join(app.dataDir, 'uploads'))).toEqual([])
  })

  it.each(foreign)('can not log anybody in or out: %s', async (_name, headers) => {
    const login = await api.request('POST', paths.login, { json: { login: 'admin', password: 'correct horse battery' }, headers: headers() })
    expect(login.status).toBe(403)
    expect((await api.request('POST', paths.logout, { headers: headers() })).status).toBe(403)
    expect((await api.get(paths.me)).status).toBe(200)
  })

  it.each(foreign)('can not open a socket with our cookie: %s', async (_name, headers) => {
    for (const transport of ['websocket', 'polling'] as const) {
      const socket = openSocket(app.url, { cookie: `${loginCookie}=${api.cookies.value(loginCookie)}`, headers: headers(), transports: [transport] })
      expect(await handshake(socket)).toMatchObject({ code: 'transport' })
      socket.disconnect()
    }
  })

  it.each([
    ['our own page', () => ({ 'Sec-Fetch-Site': 'same-origin', Origin: `http://${host}` })],
    ['our own page in an old browser', () => ({ Origin: `http://${host}` })],
    ['our own page under its public name', () => ({ Origin: 'https://intake.example' })],
    ['an address typed in', () => ({ 'Sec-Fetch-Site': 'none' })],
    ['a program', () => ({})],
  ] as [string, () => Record<string, string>][])('are not: %s', async (_name, headers) => {
    expect((await api.request('POST', `${paths.targets}/test`, { json: { url: 'sqlite:x.db' }, headers: headers() })).status).toBe(200)
    for (const transport of ['websocket', 'polling'] as const) {
      const socket = openSocket(app.url, { cookie: `${loginCookie}=${api.cookies.value(loginCookie)}`, headers: headers(), transports: [transport] })
      expect(await handshake(socket)).toBeNull()
      socket.disconnect()
    }
  })

  it('can not open a WebSocket without Socket.IO either', async () => {
    const { status } = await upgrade({ Origin: 'https://evil.example', Cookie: `${loginCookie}=${api.cookies.value(loginCookie)}` })
    expect(status).toBe(400)
    expect((await upgrade({ Cookie: `${loginCookie}=${api.cookies.value(loginCookie)}` })).status).toBe(101)
  })

  /** A bare WebSocket handshake. */
  async function upgrade(headers: Record<string, string>): Promise<{ status: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number }>()
    const asked = request(`${app.url}/socket.io/?EIO=4&transport=websocket`, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    asked.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0 })
    })
    asked.on('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0 })
    })
    asked.on('error', reject)
    asked.end()
    return await promise
  }

  it('get no permission to read our answers', async () => {
    const answer = await api.get(paths.me, { Origin: 'https://evil.example' })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const preflight = await api.request('OPTIONS', paths.imports, {
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
    })
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('change nothing by a GET', async () => {
    const { import: run } = await api.startScript([{ log: 'x' }])
    await api.ended(run.id)
    for (const path of [paths.cancel(run.id), paths.retry(run.id), paths.logout]) {
      expect([404, 405]).toContain((await api.get(path)).status)
    }
  })
})
