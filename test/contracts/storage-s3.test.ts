import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openStorage } from '../../server/storage/open-storage.ts'
import type { Storage } from '../../server/storage/storage.ts'
import { startS3 } from '../support/s3-server.ts'
import type { S3Fault, S3Server } from '../support/s3-server.ts'
import { describeStorage, keysOf, readAll, store } from './storage.contract.ts'

describeStorage({
  name: 'in an S3 store',
  create: async () => {
    const server = await startS3()
    return { open: async () => await openStorage(server.address), close: async () => await server.close() }
  },
})

const mib = 1024 * 1024

describe('an S3 store', () => {
  let server: S3Server
  let storage: Storage
  beforeAll(async () => {
    server = await startS3()
    storage = await openStorage(server.address)
  })
  beforeEach(() => server.breakBy(() => null))
  afterAll(async () => {
    await storage.close()
    await server.close()
  })
  const big = Buffer.alloc(40 * mib, 'forty megabytes ')
  /** Breaks the first requests that read an object. */
  const breakReads = (...faults: S3Fault[]): void =>
    server.breakBy((method, name) => (method === 'GET' && name !== '' ? (faults.shift() ?? null) : null))

  it('gets a file in parts, few at a time', async () => {
    // The first waits for the second, however soon it came.
    const second = Promise.withResolvers<void>()
    let parts = 0
    server.breakBy((_method, _name, query) => {
      if (!query.has('partNumber')) return null
      parts += 1
      if (parts === 2) second.resolve()
      return second.promise
    })
    const key = await store(storage, big)
    expect(server.mostPartsAtOnce()).toBe(2)
    expect(server.uploads.size).toBe(0)
    expect(server.objects.get(`uploads/${key}`)?.bytes.equals(big)).toBe(true)
  })

  it('gets a checksum with everything, which it compares with what came', async () => {
    await store(storage, 'small')
    await store(storage, big)
    expect(server.unchecked()).toBe(0)
  })

  it('that breaks off in the middle of a file is asked for the rest', async () => {
    const key = await store(storage, big)
    breakReads({ cutAfter: 3 * mib + 1 }, { cutAfter: 0 }, { cutAfter: 0 }, 'reset', { cutAfter: 7 })
    expect((await readAll(storage, key)).equals(big)).toBe(true)
    breakReads({ cutAfter: 100 })
    expect((await readAll(storage, key, { start: 50, end: 5000 })).equals(big.subarray(50, 5000))).toBe(true)
  })

  it('that gives no more of a file makes the stream fail, never end', async () => {
    const key = await store(storage, big)
    breakReads({ cutAfter: 3 * mib }, ...Array.from({ length: 100 }, (): S3Fault => ({ cutAfter: 0 })))
    await expect(readAll(storage, key)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('whose file is another one in the middle of a read makes the stream fail', async () => {
    const key = await store(storage, big)
    breakReads({ cutAfter: 3 * mib })
    const stream = storage.read(key)
    await new Promise((resolve) => stream.once('readable', resolve))
    server.objects.set(`uploads/${key}`, { bytes: Buffer.alloc(big.length), etag: '"other"', modifiedAt: new Date() })
    await expect(stream.toArray()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it.each<[S3Fault, string, RegExp]>([
    [{ status: 507, code: 'InsufficientStorage' }, 'storage_full', /is full/],
    [{ status: 403, code: 'XMinioStorageFull' }, 'storage_full', /is full/],
    [{ status: 403, code: 'InvalidAccessKeyId' }, 'unavailable', /S3_ACCESS_KEY_ID/],
    [{ status: 404, code: 'NoSuchBucket' }, 'unavailable', /S3_BUCKET/],
    [{ status: 503, code: 'SlowDown' }, 'unavailable', /SlowDown/],
    ['reset', 'unavailable', /S3_ENDPOINT/],
  ])('that answers %j says what to do', async (fault, code, text) => {
    const known = { code, message: expect.stringMatching(text) }
    const key = await store(storage, 'x')
    server.breakBy(() => fault)
    await expect(store(storage, 'small')).rejects.toMatchObject(known)
    await expect(readAll(storage, key)).rejects.toMatchObject(known)
    await expect(storage.remove(key)).rejects.toMatchObject(known)
    await expect(keysOf(storage)).rejects.toMatchObject(known)
    server.breakBy((_method, _name, query) => (query.get('partNumber') === '2' ? fault : null))
    const writer = await storage.create()
    const writing = async () => {
      await writer.write([big])
      await writer.commit()
    }
    await expect(writing()).rejects.toMatchObject(known)
    await writer.discard()
    expect(server.uploads.size).toBe(0)
  })

  it('that loses its answer to the last request is asked whether the file is whole', async () => {
    let completed = 0
    server.breakBy((method, _name, query) => {
      if (method !== 'POST' || !query.has('uploadId')) return null
      completed += 1
      return completed === 1 ? { cutAfter: 0 } : null
    })
    const key = await store(storage, big)
    expect(completed).toBe(2)
    expect((await readAll(storage, key)).equals(big)).toBe(true)
  })

  it('that is gone is left what can’t be discarded, for the sweep', async () => {
    const writer = await storage.create()
    await writer.write([big])
    server.breakBy(() => 'reset')
    await writer.discard()
    server.breakBy(() => null)
    expect(await storage.sweep(Infinity)).toBe(1)
    expect(server.uploads.size).toBe(0)
  })

  it('may hold other things, which are let be', async () => {
    const others = ['other', 'uploads/notes.txt', 'uploads/deep/00000000-0000-4000-8000-000000000000']
    for (const name of others) server.objects.set(name, { bytes: Buffer.from('x'), etag: '"x"', modifiedAt: new Date() })
    server.uploads.set('theirs', { name: 'uploads/film.mp4', begunAt: new Date(0), parts: new Map() })
    expect((await keysOf(storage)).every((key) => !others.includes(`uploads/${key}`))).toBe(true)
    expect(await storage.sweep(Infinity)).toBe(0)
    expect(server.uploads.has('theirs')).toBe(true)
  })

  it('without the bucket, or not there at all, can’t be used', async () => {
    const noBucket = await openStorage({ ...server.address, bucket: 'elsewhere' })
    await expect(noBucket.ping()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('S3_BUCKET') })
    const nowhere = await openStorage({ ...server.address, endpoint: 'http://127.0.0.1:9' })
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('S3_ENDPOINT') })
    for (const each of [noBucket, nowhere]) await each.close()
  })
})
