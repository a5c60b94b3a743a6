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
    [paths.me, 'PROPFIND', 405, 'method_not_allowed'],
    ['/api', 'GET', 404, 'not_found'],
  ])('that is an error has one shape: %s %s', async (path, method, status, code) => {
    const answer = await api.request<{ error: Record<string, unknown> }>(method, path)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toMatchObject({ code, message: expect.any(String), requestId: answer.headers.get('x-request-id') })
    expect(answer.text).not.toMatch(/node_modules|\.ts:|Error:/)
  })

  it.each(['PUT', 'PROPFIND'])('to a method that is not taken says which are: %s', async (method) => {
    expect((await api.request(method, paths.imports)).headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST'])
  })

  const json = { 'content-type': 'application/json' }
  const secret = 'correct horse battery'
  it.each([
    ['is cut off', `{"login":"admin","password":"${secret}`, json, 400],
    ['is no object', `"${secret}"`, json, 400],
    ['is nothing', 'null', json, 400],
    ['would change what all objects inherit', `{"__proto__":{},"login":"admin","password":"${secret}"}`, json, 400],
    ['is not packed as it says', `{"login":"admin","password":"${secret}"}`, { ...json, 'content-encoding': 'gzip' }, 400],
    ['is packed in an unknown way', `{"login":"admin","password":"${secret}"}`, { ...json, 'content-encoding': 'zip' }, 415],
    ['is a form', `login=admin&password=${secret}`, { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['is JSON by another name', `{"login":"admin","password":"${secret}"}`, { 'content-type': 'text/plain' }, 415],
  ])('refuses a body that %s, and keeps it out of the server log', async (_how, body, headers, status) => {
    const answer = await api.request<{ error: { code: string } }>('POST', paths.login, { body, headers })
    expect([answer.status, answer.body.error.code]).toEqual([status, 'bad_request'])
    expect(JSON.stringify(app.logLines())).not.toContain(secret)
  })

  it('takes no half of what was asked for: a retry, a log and its end are read as they stand, or refused', async () => {
    const { import: run } = await api.startScript([{ throw: 'x' }])
    await api.ended(run.id)
    const retry = { body: '{"only":"failed"}', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    expect((await api.request('POST', paths.retry(run.id), retry)).status).toBe(415)
    expect((await api.get(`${paths.log(run.id)}?follow=true`)).status).toBe(400)
    expect((await api.get(`${paths.log(run.id)}?follow=0`)).status).toBe(200)
    expect((await api.get(`${paths.rejected(run.id)}?format=xml`)).status).toBe(400)
  })

  it.each([
    [`${paths.imports}?from=yesterday`, 'from: it is a day like 2026-11-22, or a time with its zone like 2026-11-22T10:00:00Z'],
    [`${paths.imports}?to=2026-11-22T10:00`, 'to: it is a day like 2026-11-22, or a time with its zone like 2026-11-22T10:00:00Z'],
  ])('to what is wrong says what it may be: %s', async (path, message) => {
    expect((await api.get<{ error: unknown }>(path)).body.error).toMatchObject({ message })
  })

  it('to a form that is wrong names the field and the header', async () => {
    const send = async (field: string, headers: Record<string, string> = {}) => {
      const body = new FormData()
      for (const [name, value] of Object.entries({ kind: 'restore', target: 'main' })) body.append(name, value)
      body.append(field, new Blob(['[]']), 'a.json')
      return (await api.request<{ error: { message: string } }>('POST', paths.imports, { body, headers })).body.error.message
    }
    expect(await send('datei')).toBe('The form was refused: a file is in the field “datei”. Files go in fields called “file”.')
    expect(await send('file', { 'Idempotency-Key': 'two words' })).toMatch(/^Idempotency-Key: it has 1 to 200 letters/)
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
