import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../server/errors.ts'
import type { ByteRange, Storage } from '../../server/storage/storage.ts'

export type StorageSubject = {
  /** Opens the same place anew, as another process does. */
  open(): Promise<Storage>
  close(): Promise<void>
}

export type StorageFactory = { name: string; create: () => Promise<StorageSubject> }

const missing = '00000000-0000-4000-8000-000000000000'

/** Bytes that differ wherever they are confused: the same for the same seed. */
function bytesOf(length: number, seed = 1): Buffer {
  const block = Buffer.concat(Array.from({ length: 2048 }, (_, index) => createHash('sha256').update(`${seed}:${index}`).digest()))
  // A block of an odd length: parts of a round size never begin at the same place of it.
  return Buffer.alloc(length, block.subarray(0, 65_521))
}

export async function readAll(storage: Storage, key: string, range?: ByteRange): Promise<Buffer> {
  return Buffer.concat(await storage.read(key, range).toArray())
}

export async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list()) keys.push(key)
  return keys.toSorted()
}

export async function store(storage: Storage, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const writer = await storage.create()
  for (const piece of pieces) await writer.write([Buffer.from(piece as Uint8Array)])
  await writer.commit()
  return writer.key
}

/** What every storage of uploads has to do. */
export function describeStorage({ name, create }: StorageFactory): void {
  describe(`the storage ${name}`, () => {
    let subject: StorageSubject
    let storage: Storage
    beforeAll(async () => {
      subject = await create()
      storage = await subject.open()
    })
    afterAll(async () => {
      await storage.close()
      await subject.close()
    })

    it.each([0, 1, 300_000, 20 * 1024 * 1024, 24 * 1024 * 1024 + 1])('keeps %i bytes as they were written', async (length) => {
      const bytes = bytesOf(length)
      const cuts = [0, Math.floor(length / 3), Math.floor(length / 2), length]
      const key = await store(storage, ...cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut)))
      expect(await storage.size(key)).toBe(length)
      expect((await readAll(storage, key)).equals(bytes)).toBe(true)
    })

    it('keeps pieces in the order in which they were given, however many and large', async () => {
      const writer = await storage.create()
      const pieces = Array.from({ length: 6000 }, (_, index) => Buffer.alloc(index % 6000, index % 251))
      for (let start = 0; start < pieces.length; start += 1500) await writer.write(pieces.slice(start, start + 1500))
      await writer.commit()
      expect((await readAll(storage, writer.key)).equals(Buffer.concat(pieces))).toBe(true)
    })

    it('has done with the pieces when they are written: their memory can be used again', async () => {
      const writer = await storage.create()
      const piece = Buffer.alloc(1024 * 1024)
      for (let index = 0; index < 20; index += 1) await writer.write([piece.fill(index)])
      await writer.commit()
      const bytes = await readAll(storage, writer.key)
      expect(Array.from({ length: 20 }, (_, index) => bytes.readUInt8(index * piece.length + 5))).toEqual(
        Array.from({ length: 20 }, (_, index) => index),
      )
    })

    it.each([10, 20 * 1024 * 1024])('shows a file of %i bytes to nobody before it is committed', async (length) => {
      const writer = await storage.create()
      await writer.write([bytesOf(length)])
      expect(await keysOf(storage)).not.toContain(writer.key)
      await expect(storage.size(writer.key)).rejects.toMatchObject({ code: 'upload_gone' })
      await expect(readAll(storage, writer.key)).rejects.toMatchObject({ code: 'upload_gone' })
      await writer.commit()
      expect(await keysOf(storage)).toContain(writer.key)
      expect(await storage.size(writer.key)).toBe(length)
    })

    it('reads a range: its start, without its end', async () => {
      const bytes = bytesOf(20 * 1024 * 1024)
      const key = await store(storage, bytes)
      const ends = [
        [0, 1],
        [1, 1],
        [0, bytes.length],
        [8 * 1024 * 1024 - 5, 8 * 1024 * 1024 + 5],
        [bytes.length - 1, bytes.length],
      ] as const
      for (const [start, end] of ends) expect((await readAll(storage, key, { start, end })).equals(bytes.subarray(start, end))).toBe(true)
    })

    it.each([
      { start: 0, end: 11 },
      { start: 9, end: 12 },
      { start: 30, end: 40 },
    ])('fails at a range that the file does not hold: %o', async (range) => {
      const key = await store(storage, '0123456789')
      await expect(readAll(storage, key, range)).rejects.toMatchObject({ code: 'file_damaged' })
    })

    it('can be read in part and left', async () => {
      const key = await store(storage, bytesOf(20 * 1024 * 1024))
      for (let index = 0; index < 3; index += 1) {
        for await (const piece of storage.read(key)) {
          expect((piece as Buffer).length).toBeGreaterThan(0)
          break
        }
      }
    })

    it('names each file itself, and keeps files that come in together apart', async () => {
      const keys = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => await store(storage, bytesOf(1000 * index, index), `end ${index}`)),
      )
      expect(new Set(keys).size).toBe(20)
      for (const [index, key] of keys.entries()) {
        expect(key).toMatch(/^[0-9a-f-]{36}$/)
        expect((await readAll(storage, key)).equals(Buffer.concat([bytesOf(1000 * index, index), Buffer.from(`end ${index}`)]))).toBe(true)
      }
      expect(await keysOf(storage)).toEqual(expect.arrayContaining(keys))
    })

    it('lists when a file was stored', async () => {
      const key = await store(storage, 'x')
      let modifiedAt = 0
      for await (const file of storage.list()) if (file.key === key) modifiedAt = file.modifiedAt
      expect(Math.abs(modifiedAt - Date.now())).toBeLessThan(600_000)
    })

    it('makes a file of the same bytes that stays when the first is removed', async () => {
      const bytes = bytesOf(9 * 1024 * 1024)
      const key = await store(storage, bytes)
      const twin = await storage.duplicate(key)
      expect(await keysOf(storage)).toEqual(expect.arrayContaining([key, twin]))
      await storage.remove(key)
      expect((await readAll(storage, twin)).equals(bytes)).toBe(true)
      await expect(storage.duplicate(key)).rejects.toMatchObject({ code: 'upload_gone' })
    })

    it('shows what was stored to another process', async () => {
      const key = await store(storage, 'from before')
      const other = await subject.open()
      expect((await readAll(other, key)).toString()).toBe('from before')
      expect(await keysOf(other)).toEqual(await keysOf(storage))
      await other.close()
    })

    it.each([10, 20 * 1024 * 1024])('leaves nothing of %i bytes that are discarded, at whatever point', async (length) => {
      const before = await keysOf(storage)
      const atOnce = await storage.create()
      await atOnce.discard()
      const begun = await storage.create()
      await begun.write([bytesOf(length)])
      await begun.discard()
      const done = await storage.create()
      await done.write([bytesOf(length)])
      await done.commit()
      await done.discard()
      expect(await keysOf(storage)).toEqual(before)
      expect(await storage.sweep(Infinity)).toBe(0)
    })

    it('sweeps what a process that ended left half-written, and nothing else', async () => {
      const key = await store(storage, 'whole')
      const gone = await subject.open()
      for (let index = 0; index < 5; index += 1) {
        const abandoned = await gone.create()
        await abandoned.write([bytesOf(20 * 1024 * 1024, index)])
      }
      await gone.close()
      expect(await storage.sweep(Date.now() - 3_600_000)).toBe(0)
      expect(await storage.sweep(Infinity)).toBe(5)
      expect(await storage.sweep(Infinity)).toBe(0)
      expect((await readAll(storage, key)).toString()).toBe('whole')
    })

    const part = 8 * 1024 * 1024
    it.each([
      [0, 10, 10],
      [part - 1, part, 3 * part + 5],
      [2 * part, part, 4 * part],
    ])('goes on after %i bytes, and %i more, to the %ith, in other processes', async (first, more, length) => {
      const bytes = bytesOf(length)
      const cuts = [0, first, first + more, length]
      const begun = await storage.create()
      await begun.write([bytes.subarray(0, first)])
      await begun.suspend()
      const [second, third] = [await subject.open(), await subject.open()]
      const went = await second.resume(begun.key, cuts[1]!)
      await went.write([bytes.subarray(cuts[1], cuts[2])])
      await went.suspend()
      expect(await keysOf(storage)).not.toContain(begun.key)
      const last = await third.resume(begun.key, cuts[2]!)
      await last.write([bytes.subarray(cuts[2])])
      await last.commit()
      expect((await readAll(storage, begun.key)).equals(bytes)).toBe(true)
      expect(await storage.sweep(Infinity)).toBe(0)
      for (const opened of [second, third]) await opened.close()
    })

    it('goes on after what was safe when its process ended, and drops what came after it', async () => {
      const bytes = bytesOf(100 * 1024 * 1024)
      const ended = await subject.open()
      const writer = await ended.create()
      for (let at = 0; writer.safe() === 0; at += 1024 * 1024) await writer.write([bytes.subarray(at, at + 1024 * 1024)])
      const safe = writer.safe()
      const next = await storage.resume(writer.key, safe)
      expect(next.safe()).toBe(safe)
      await next.write([bytes.subarray(safe)])
      await next.commit()
      expect((await readAll(storage, writer.key)).equals(bytes)).toBe(true)
      await ended.close()
    })

    it('says that a file can’t be gone on with whose bytes are not there', async () => {
      const writer = await storage.create()
      await writer.write([bytesOf(1000)])
      await writer.suspend()
      await expect(storage.resume(writer.key, 1001)).rejects.toMatchObject({ code: 'upload_gone' })
      await expect(storage.resume(writer.key, part)).rejects.toMatchObject({ code: 'upload_gone' })
      await expect(storage.resume('../x', 0)).rejects.toMatchObject({ code: 'invalid_input' })
      expect(await storage.sweep(Infinity, new Set([writer.key]))).toBe(0)
      await (await storage.resume(writer.key, 1000)).discard()
      await expect(storage.resume(writer.key, 1)).rejects.toMatchObject({ code: 'upload_gone' })
      expect(await storage.sweep(Infinity)).toBe(0)
    })

    it('removes a file, and does not mind when it is gone', async () => {
      const key = await store(storage, 'x')
      await storage.remove(key)
      await storage.remove(key)
      expect(await keysOf(storage)).not.toContain(key)
    })

    it('says of a file that is not there that it is gone', async () => {
      await expect(storage.size(missing)).rejects.toMatchObject({ code: 'upload_gone', status: 410 })
      await expect(readAll(storage, missing)).rejects.toMatchObject({ code: 'upload_gone' })
      await expect(readAll(storage, missing, { start: 0, end: 5 })).rejects.toMatchObject({ code: 'upload_gone' })
    })

    it('answers when it is asked whether it is there', async () => {
      await expect(storage.ping()).resolves.toBeUndefined()
    })

    it.each(['', '..', '../../etc/passwd', '/etc/passwd', 'a/b', '%2e%2e', 'x'.repeat(36), `${missing}/../x`, `${missing}.part`])(
      'takes %j for no key of its own',
      async (key) => {
        const refused = { code: 'invalid_input' }
        expect(() => storage.read(key)).toThrow(AppError)
        await expect(storage.size(key)).rejects.toMatchObject(refused)
        await expect(storage.remove(key)).rejects.toMatchObject(refused)
      },
    )
  })
}
