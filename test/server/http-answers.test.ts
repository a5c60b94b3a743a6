import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../shared/protocol/paths.ts'
import type { ApiClient, Answer } from '../support/api-client.ts'
import { startApp } from '../support/start-app.ts'
import type { TestApp } from '../support/start-app.ts'

const security = {
  'content-security-policy':
    "default-src 'self';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data: blob:;font-src 'self' data:;connect-src 'self';object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}

describe('every answer', () => {
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await startApp()
    api = await app.admin()
  })
  afterAll(async () => await app.close())

  const cases: [string, () => Promise<Answer>][] = [
    ['a page', async () => await api.get('/')],
    ['a page of the router', async () => await api.get('/imports/some', { accept: 'text/html' })],
    ['JSON', async () => await api.get(paths.me)],
    ['the health of the process', async () => await api.get('/healthz')],
    ['the metrics', async () => await api.get('/metrics')],
    ['an error', async () => await api.get('/api/nothing')],
    ['a refusal', async () => await api.request('POST', paths.logout, { headers: { origin: 'https://evil.example' } })],
    ['a method that is not taken', async () => await api.request('PUT', paths.me)],
    ['an address that can not be read', async () => await api.get('/api/imports/%E0%A4%A')],
    ['a page whose address can not be read', async () => await api.get('/%E0%A4%A')],
    ['a path that leaves its folder', async () => await api.get('/..%2f..%2fpackage.json')],
    ['a path with U+0000', async () => await api.get('/x%00y')],
    [
      'a body that can not be read',
      async () => await api.request('POST', paths.login, { body: '{"login"', headers: { 'content-type': 'application/json' } }),
    ],
    ['a body that is too large', async () => await api.request('POST', paths.login, { json: { login: 'x'.repeat(200_000), password: 'x' } })],
  ]

  it.each(cases)('bears the headers of security and an id: %s', async (_name, ask) => {
    const { headers } = await ask()
    const borne = Object.fromEntries(Object.keys(security).map((name) => [name, headers.get(name)]))
    expect(borne).toEqual(security)
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('server')).toBeNull()
  })

  it.each([
    ['/api/nothing', 'GET', 404, 'not_found'],
    ['/api/imports/restore_1_missing', 'GET', 404, 'not_found'],
    [paths.me, 'PUT', 405, 'method_not_allowed'],
    ['/api/imports/%E0%A4%A', 'GET', 404, 'not_found'],
    ['/api/imports/%00', 'GET', 400, 'bad_request'],
    ['/%E0%A4%A', 'GET', 400, 'bad_request'],
    [`${paths.imports}?limit=0`, 'GET', 400, 'invalid_input'],
    [`${paths.imports}?sort=password`, 'GET', 400, 'invalid_input'],
    [`${paths.imports}?status=x`, 'GET', 400, 'invalid_input'],
    [`${paths.imports}?q=a&q=b`, 'GET', 400, 'invalid_input'],
  ])('that is an error has one shape: %s %s', async (path, method, status, code) => {
    const answer = await api.request<{ error: Record<string, unknown> }>(method, path)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toMatchObject({ code, message: expect.any(String), requestId: answer.headers.get('x-request-id') })
    expect(answer.text).not.toMatch(/node_modules|\.ts:|Error:/)
  })

  it('keeps a sane request id and replaces any other', async () => {
    const id = async (sent: string) => (await api.get(paths.me, { 'X-Request-Id': sent })).headers.get('x-request-id')
    expect(await id('my-own-request-1')).toBe('my-own-request-1')
    for (const odd of ['short', 'with space', 'x'.repeat(101), '<script>alert(1)</script>']) expect(await id(odd)).not.toBe(odd)
  })

  it('ties the click, the run and the lines of the server log together', async () => {
    const { import: run } = await api.startScript([{ log: 'x' }], { headers: { 'X-Request-Id': 'click-of-a-person' } })
    expect(run.requestId).toBe('click-of-a-person')
    expect(app.logLines().filter(({ requestId }) => requestId === 'click-of-a-person')).toHaveLength(1)
    await api.ended(run.id)
  })
})

describe('behind https', () => {
  it('asks browsers to come back by https', async () => {
    const app = await startApp({ PUBLIC_URL: 'https://intake.example', TRUST_PROXY: 'true' })
    try {
      expect((await fetch(app.url)).headers.get('strict-transport-security')).toMatch(/^max-age=31536000/)
    } finally {
      await app.close()
    }
  })
})

describe('addresses that a proxy tells', () => {
  it.each([
    ['false', 429],
    ['true', 401],
  ])('are believed when TRUST_PROXY is %s: 40 guesses from 40 such addresses end with %i', async (trusted, status) => {
    const app = await startApp({ TRUST_PROXY: trusted })
    try {
      const statuses: number[] = []
      for (let guess = 0; guess < 40; guess++) {
        const response = await fetch(app.url + paths.login, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.0.0.${guess}` },
          body: JSON.stringify({ login: `user${guess}`, password: 'wrong words' }),
        })
        statuses.push(response.status)
      }
      expect(statuses.at(-1)).toBe(status)
    } finally {
      await app.close()
    }
  })
})
