import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { jobFiles } from '../../../server/jobs/job-files.ts'
import { openStorage } from '../../../server/storage/open-storage.ts'
import type { Storage } from '../../../server/storage/storage.ts'
import { startS3 } from '../../support/s3-server.ts'

type Place = { storage: Storage; replace(key: string, bytes: Buffer): Promise<void>; close(): Promise<void> }

const places: Record<string, () => Promise<Place>> = {
  'a disk': async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'intake-files-'))
    const replace = async (key: string, bytes: Buffer) => await writeFile(path.join(root, key), bytes)
    return { storage: await openStorage({ type: 'disk', root }), replace, close: async () => await rm(root, { recursive: true }) }
  },
  'an S3 store': async () => {
    const server = await startS3()
    const replace = async (key: string, bytes: Buffer) =>
      void server.objects.set(`${server.address.prefix}${key}`, { bytes, etag: '"other"', modifiedAt: new Date() })
    return { storage: await openStorage(server.address), replace, close: async () => await server.close() }
  },
}

describe.each(Object.entries(places))('a file of a run on %s', (_name, open) => {
  const content = Buffer.from('0123456789'.repeat(100_000))
  const sha256 = createHash('sha256').update(content).digest('hex')
  /** The file as a run sees it, stored as it is, then replaced by `stored`. */
  async function withFile(stored: Buffer | null, work: (file: ReturnType<typeof jobFiles>[number], storage: Storage, key: string) => Promise<void>) {
    const place = await open()
    const writer = await place.storage.create()
    await writer.write([content])
    await writer.commit()
    if (stored) await place.replace(writer.key, stored)
    const received = { name: 'backup.json', key: writer.key, size: content.length, sha256 }
    await work(jobFiles([received], place.storage)[0]!, place.storage, writer.key)
    await place.storage.close()
    await place.close()
  }
  const read = async (stream: NodeJS.ReadableStream & { toArray(): Promise<unknown[]> }) => Buffer.concat((await stream.toArray()) as Buffer[])

  it('is read whole, again, and in part', async () => {
    await withFile(null, async (file) => {
      for (let times = 0; times < 2; times += 1) expect((await read(file.open())).equals(content)).toBe(true)
      expect((await read(file.read(5, 15))).toString()).toBe('5678901234')
    })
  })

  it.each([
    ['shorter', content.subarray(1)],
    ['longer', Buffer.concat([content, Buffer.from('!')])],
    ['another', Buffer.from(content).fill('x', 500, 501)],
  ])('that is %s than what was received is damaged, at the end of each read', async (_how, stored) => {
    await withFile(stored, async (file) => {
      for (let times = 0; times < 2; times += 1) await expect(read(file.open())).rejects.toMatchObject({ code: 'file_damaged' })
    })
  })

  it('that is gone is told by its name', async () => {
    await withFile(null, async (file, storage, key) => {
      await storage.remove(key)
      const gone = { code: 'upload_gone', message: expect.stringContaining('backup.json') }
      await expect(read(file.open())).rejects.toMatchObject(gone)
      await expect(read(file.read(0, 10))).rejects.toMatchObject(gone)
    })
  })
})
