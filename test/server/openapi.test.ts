import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../shared/protocol/paths.ts'
import type { ApiClient } from '../support/api-client.ts'
import { startApp } from '../support/start-app.ts'
import type { TestApp } from '../support/start-app.ts'

type Body = { required?: boolean; content: Record<string, unknown> }
type Document = { paths: Record<string, Record<string, { requestBody?: Body; parameters?: { name: string; in: string }[] }>> }

describe('the OpenAPI document', () => {
  let app: TestApp
  let api: ApiClient
  let document: Document
  beforeAll(async () => {
    app = await startApp()
    api = await app.admin()
    document = (await api.get<Document>('/api/openapi.json')).body
  })
  afterAll(async () => await app.close())

  it('has every address that clients of this project know', () => {
    const filled = (path: (...parts: never[]) => string) => (path as (...parts: unknown[]) => string)('x', 'x', { source: 'x', path: 'x' })
    const known = Object.values(paths).map((path) => (typeof path === 'string' ? path : filled(path)))
    const asked = known.map((path) => path.split('?')[0]!)
    const documented = Object.keys(document.paths).map((path) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`))
    expect(asked.filter((path) => !documented.some((pattern) => pattern.test(path)))).toEqual([])
  })

  it('has no address and no method that the server does not take', async () => {
    const untaken: string[] = []
    for (const [path, operations] of Object.entries(document.paths)) {
      const { headers } = await api.request('PROPFIND', path.replace(/\{\w+\}/g, 'x'))
      const allowed = headers.get('allow')?.split(', ') ?? []
      untaken.push(...Object.keys(operations).flatMap((method) => (allowed.includes(method.toUpperCase()) ? [] : [`${method} ${path}`])))
    }
    expect(untaken).toEqual([])
  })

  it('says which bodies must be sent', () => {
    const required = (path: string, method: string) => document.paths[path]?.[method]?.requestBody?.required
    expect([required('/api/login', 'post'), required('/api/imports', 'post'), required('/api/logout', 'post')]).toEqual([true, true, false])
  })

  it('knows the options of each kind, and the key of a start that is tried again', () => {
    const start = document.paths['/api/imports']?.['post']
    for (const option of ['dryRun', 'types', 'accounts']) expect(JSON.stringify(start?.requestBody)).toContain(`"${option}"`)
    expect(start?.parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', in: 'header' }))
  })
})
