import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Upload } from 'tus-js-client'
import { afterEach, describe, expect, it } from 'vitest'
import { paths, uploadTokenHeader } from '../../../shared/protocol/paths.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import { freshPrefix, hasSharedRedis, useRedis } from '../../support/redis.ts'
import { startS3 } from '../../support/s3-server.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { adminLogin, adminPassword, startApp } from '../../support/start-app.ts'
import { begin, CutPatch, offsetOf, patch, startUploads } from '../../support/tus.ts'

const mib = 1024 * 1024
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
/** A list that a run reads in no time: bytes that differ wherever they are confused, in a text. */
function listOf(size: number): Buffer {
  const text = randomBytes(48 * 1024).toString('base64')
  return Buffer.from(`[{"log":"${text.repeat(Math.ceil(size / text.length))}`.slice(0, size - 3) + '"}]')
}

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function started(api: ApiClient, id: string): Promise<string | undefined> {
  const { body } = await startUploads(api, [id], { options: '{"mode":"keep_going"}', kind: 'restore' })
  return body.import?.files[0]?.sha256
}

/** What is on the disk of the largest upload, in bytes. */
async function largestUpload({ dataDir }: ServerProcess): Promise<number> {
  const folder = path.join(dataDir, 'uploads')
  return Math.max(0, ...(await Promise.all((await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size))))
}

describe('an upload by a client of tus', () => {
  it('goes on where it was when the server was killed in the middle, without a login', async () => {
    const server = await ServerProcess.start()
    closers.push(async () => await server.close())
    const bytes = listOf(80 * mib)
    const api = await server.admin()
    const { id, url, token } = await begin(api, bytes.length, { filename: 'large.json', sha256: sha256(bytes) })
    await new CutPatch(server.url, url, { token, offset: 0, length: bytes.length }).send(bytes.subarray(0, 60 * mib))
    await eventually(async () => expect(await largestUpload(server)).toBeGreaterThan(50 * mib))
    await server.restart()
    const offsets: number[] = []
    await new Promise<void>((resolve, reject) => {
      const upload = new Upload(bytes, {
        uploadUrl: server.url + url,
        headers: { [uploadTokenHeader]: token },
        onAfterResponse: (request, response) => {
          if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')))
        },
        onError: reject,
        onSuccess: () => resolve(),
      })
      upload.start()
    })
    expect(offsets).toHaveLength(1)
    expect(offsets[0]).toBeGreaterThanOrEqual(16 * mib)
    expect(await started(await server.admin(), id)).toBe(sha256(bytes))
  })

  it('goes on by its token when the login has ended, and waits for a login to be started', async () => {
    const app = await startApp()
    closers.push(async () => await app.close())
    const api = await app.admin()
    const bytes = listOf(100_000)
    const { id, url, token } = await begin(api, bytes.length)
    const bearer = { [uploadTokenHeader]: token }
    expect((await patch(api, url, 0, bytes.subarray(0, 40_000))).status).toBe(204)
    await api.request('POST', paths.logout, { json: {} })
    expect((await patch(api, url, 40_000, bytes.subarray(40_000))).status).toBe(401)
    expect(await offsetOf(api, url, bearer)).toBe(40_000)
    expect((await patch(api, url, 40_000, bytes.subarray(40_000), bearer)).status).toBe(204)
    expect((await startUploads(api, [id])).body).toMatchObject({ error: { code: 'unauthenticated' } })
    await api.login(adminLogin, adminPassword)
    expect(await started(api, id)).toBe(sha256(bytes))
  })
})

describe('an upload into an S3 store', () => {
  it('goes on between and within parts, through cuts and a restart, and leaves nothing else there', async () => {
    const store = await startS3()
    closers.push(async () => await store.close())
    const { endpoint = '', bucket, prefix, accessKeyId, secretAccessKey } = store.address
    const keys = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey }
    let app = await startApp({ S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_PREFIX: prefix, ...keys })
    closers.push(async () => await app.close())
    const bytes = listOf(27 * mib)
    const { id, url, token } = await begin(await app.admin(), bytes.length)
    for (const cut of [3 * mib + 1, 8 * mib, 21 * mib + 7, 22 * mib]) {
      const api = await app.admin()
      // What a busy machine had not read when it was asked is sent again.
      for (let at = await offsetOf(api, url); at < cut; at = Math.max(await offsetOf(api, url), at)) {
        const open = await new CutPatch(app.url, url, { token, offset: at, length: bytes.length - at }).send(bytes.subarray(at, cut))
        open.socket.destroySoon()
        if (!open.socket.closed) await once(open.socket, 'close')
      }
      expect(await offsetOf(api, url)).toBe(cut)
      if (cut === 8 * mib) app = await app.restart()
    }
    const api = await app.admin()
    expect((await patch(api, url, 22 * mib, bytes.subarray(22 * mib))).status).toBe(204)
    expect(await started(api, id)).toBe(sha256(bytes))
    expect([...store.objects.values()].map(({ bytes: kept }) => kept.length)).toEqual([bytes.length])
    expect(store.uploads.size).toBe(0)
  })
})

// Where PostgreSQL or Redis is not installed this is named as skipped.
describe.skipIf(!hasPostgres || !hasSharedRedis)('an upload by two processes that serve', () => {
  it('goes on in the other one while the first still waits for its client', async () => {
    const postgres = await startPostgres()
    if (!postgres) throw new Error('PostgreSQL is not installed')
    closers.push(async () => await postgres.stop())
    const redis = await useRedis()
    closers.push(async () => await redis.stop())
    const shared = {
      DATABASE_URL: await postgres.createDatabase('app'),
      REDIS_URL: redis.url,
      REDIS_PREFIX: freshPrefix(),
      SECRET_KEY: 'the same for every process',
    }
    const first = await ServerProcess.start(shared)
    closers.push(async () => await first.close())
    const second = await ServerProcess.start({ ...shared, DATA_DIR: first.dataDir })
    closers.push(async () => await second.kill())
    const apis = [await first.admin(), await second.admin()] as const
    const bytes = listOf(5 * mib)
    const { id, url, token } = await begin(apis[0], bytes.length)
    const silent = await new CutPatch(first.url, url, { token, offset: 0, length: bytes.length }).send(bytes.subarray(0, 2 * mib))
    await eventually(async () => expect(await largestUpload(first)).toBeGreaterThan(mib))
    // Its first process keeps what came, and lets go.
    const at = await offsetOf(apis[1], url)
    expect(at).toBeGreaterThan(mib)
    if (!silent.socket.closed) await once(silent.socket, 'close')
    expect((await patch(apis[1], url, at, bytes.subarray(at, 3 * mib))).status).toBe(204)
    expect((await patch(apis[0], url, 3 * mib, bytes.subarray(3 * mib))).status).toBe(204)
    expect(await started(apis[1], id)).toBe(sha256(bytes))
  })
})
