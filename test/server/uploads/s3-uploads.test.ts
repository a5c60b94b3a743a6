import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { startS3 } from '../../support/s3-server.ts'
import type { S3Server } from '../../support/s3-server.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

describe('uploads in an S3 store', () => {
  let server: S3Server
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    server = await startS3()
    const { endpoint = '', bucket, prefix, accessKeyId, secretAccessKey } = server.address
    const keys = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey }
    app = await startApp({ S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_PREFIX: prefix, ...keys })
    api = await app.admin()
  })
  beforeEach(() => server.breakBy(() => null))
  afterAll(async () => {
    await app.close()
    await server.close()
  })
  /** A script of more than one part, read to its end. */
  const large = `[{"read":true},{"log":"read"}${' '.repeat(20 * 1024 * 1024)}]`

  it('are read by a run in its thread, and lie on no disk', async () => {
    const { status, body } = await api.start(large, { kind: 'table' })
    expect(status).toBe(201)
    expect(await api.ended(body.import.id)).toMatchObject({ status: 'succeeded' })
    expect((await api.events(body.import.id)).map(({ message }) => message)).toContain('read')
    expect([...server.objects.values()].map(({ bytes }) => bytes.length)).toEqual([large.length])
    expect(await readdir(path.join(app.dataDir))).not.toContain('uploads')
  })

  it('go on being read when a connection breaks', async () => {
    let breaks = 0
    server.breakBy((method, name) => {
      if (method !== 'GET' || name === '' || breaks >= 5) return null
      breaks += 1
      return { cutAfter: 3_000_001 }
    })
    const { body } = await api.start(large.replace('"read"}', '"read again"}'), { kind: 'table' })
    expect(await api.ended(body.import.id)).toMatchObject({ status: 'succeeded' })
    expect(breaks).toBe(5)
  })

  it('are refused with what to do when the store is full or away, and nothing is kept', async () => {
    const before = server.objects.size
    server.breakBy((method) => (method === 'PUT' ? { status: 507, code: 'InsufficientStorage' } : null))
    expect(await api.start(large, { kind: 'table' })).toMatchObject({ status: 507, body: { error: { code: 'storage_full' } } })
    server.breakBy((method) => (method === 'PUT' || method === 'POST' ? 'reset' : null))
    const answer = await api.start(`${large} `, { kind: 'table' })
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable', message: expect.stringContaining('S3_ENDPOINT') } } })
    expect({ objects: server.objects.size, uploads: server.uploads.size }).toEqual({ objects: before, uploads: 0 })
  })

  it('that belong to no run are removed when the process starts alone', async () => {
    const orphan = '00000000-0000-4000-8000-000000000000'
    server.objects.set(`uploads/${orphan}`, { bytes: Buffer.from('x'), etag: '"x"', modifiedAt: new Date() })
    server.uploads.set('cut-off', { name: `uploads/${orphan}`, begunAt: new Date(), parts: new Map() })
    const kept = server.objects.size - 1
    app = await app.restart()
    api = await app.admin()
    expect({ objects: server.objects.size, uploads: server.uploads.size }).toEqual({ objects: kept, uploads: 0 })
    expect((await api.get(paths.imports)).status).toBe(200)
  })
})
