import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../server/errors.ts'
import type { Storage } from '../../server/storage/storage.ts'

export type StorageFactory = {
  name: string
  create: () => Promise<{ storage: Storage; read(key: string): Promise<Buffer>; close(): Promise<void> }>
}

/** What every storage of uploads has to do. */
export function describeStorage({ name, create }: StorageFactory): void {
  describe(`the storage ${name}`, () => {
    let subject: Awaited<ReturnType<typeof create>>
    const store = async (...pieces: (string | Uint8Array)[]): Promise<string> => {
      const writer = await subject.storage.create()
      await writer.write(pieces.map((piece) => Buffer.from(piece)))
      await writer.commit()
      return writer.key
    }

    beforeAll(async () => {
      subject = await create()
    })
    afterAll(async () => await subject.close())

    it('keeps what was written, byte for byte', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
      const key = await store(bytes.subarray(0, 100_000), bytes.subarray(100_000))
      expect(await subject.storage.size(key)).toBe(300_000)
      expect(Buffer.compare(await subject.read(key), bytes)).toBe(0)
    })

    it('keeps pieces in the order in which they were given, however many and large', async () => {
      const writer = await subject.storage.create()
      const pieces = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(index % 3000, index % 256))
      for (let start = 0; start < pieces.length; start += 1500) await writer.write(pieces.slice(start, start + 1500))
      await writer.commit()
      expect(Buffer.compare(await subject.read(writer.key), Buffer.concat(pieces))).toBe(0)
    })

    it('keeps a file without content', async () => {
      expect(await subject.storage.size(await store())).toBe(0)
    })

    it('names each file itself', async () => {
      const keys = await Promise.all(Array.from({ length: 20 }, async () => await store('x')))
      expect(new Set(keys).size).toBe(20)
      for (const key of keys) expect(key).toMatch(/^[0-9a-f-]{36}$/)
      expect(await subject.storage.keys()).toEqual(expect.arrayContaining(keys))
    })

    it('leaves nothing of what is discarded, at whatever point', async () => {
      const before = await subject.storage.keys()
      const atOnce = await subject.storage.create()
      await atOnce.discard()
      const begun = await subject.storage.create()
      await begun.write([Buffer.from('half of')])
      await begun.discard()
      const done = await subject.storage.create()
      await done.write([Buffer.from('all '), Buffer.from('of it')])
      await done.commit()
      await done.discard()
      expect(await subject.storage.keys()).toEqual(before)
    })

    it('removes a file, and does not mind when it is gone', async () => {
      const key = await store('x')
      await subject.storage.remove(key)
      await subject.storage.remove(key)
      expect(await subject.storage.keys()).not.toContain(key)
    })

    it('says of a file that is not there that it is gone', async () => {
      await expect(subject.storage.size('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({ code: 'upload_gone', status: 410 })
    })

    it.each(['', '..', '../../etc/passwd', '/etc/passwd', 'a/b', '%2e%2e', 'x'.repeat(36), '00000000-0000-4000-8000-000000000000/../x'])(
      'takes %j for no key of its own',
      async (key) => {
        expect(() => subject.storage.pathOf(key)).toThrow(AppError)
        await expect(subject.storage.size(key)).rejects.toBeInstanceOf(AppError)
        await expect(subject.storage.remove(key)).rejects.toBeInstanceOf(AppError)
      },
    )
  })
}
