import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileThreads } from '../../../server/storage/file-threads.ts'

describe('the threads that work on files', () => {
  const threads = new FileThreads()
  const on = new AbortController().signal
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-files-'))
  })
  afterAll(async () => {
    await threads.close()
    await rm(folder, { recursive: true })
  })

  const contentOf = (bytes: Buffer) => ({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  async function written(name: string, bytes: Buffer): Promise<string> {
    const file = path.join(folder, name)
    await writeFile(file, bytes)
    return file
  }

  it('hash many files at once, small and large, each by itself', async () => {
    const all = [0, 1, 100_000, 512 * 1024, 512 * 1024 + 1, 3_000_000].map((size) => randomBytes(size))
    const files = await Promise.all(all.map(async (bytes) => await written(`of-${bytes.length}`, bytes)))
    const found = await Promise.all(all.map(async (bytes, index) => await threads.hash(files[index]!, bytes.length, on)))
    expect(found).toEqual(all.map(contentOf))
  })

  it('say which file is not there, and go on', async () => {
    const file = await written('there', Buffer.alloc(300_000))
    const gone = async () => await threads.hash(path.join(folder, 'gone'), 300_000, on)
    await Promise.all(Array.from({ length: 8 }, async () => await expect(gone()).rejects.toMatchObject({ code: 'ENOENT' })))
    expect(await threads.hash(file, 300_000, on)).toMatchObject({ size: 300_000 })
  })

  it('stop when nobody wants the hash any more', async () => {
    const file = await written('sparse', Buffer.alloc(0))
    await truncate(file, 200 * 1024 ** 3)
    const stop = new AbortController()
    const endless = Array.from({ length: 6 }, async () => await threads.hash(file, 200 * 1024 ** 3, stop.signal))
    setImmediate(() => stop.abort(new Error('enough')))
    await Promise.all(endless.map(async (each) => await expect(each).rejects.toThrow('enough')))
    expect(await threads.hash(file.replace('sparse', 'there'), 300_000, on)).toMatchObject({ size: 300_000 })
  })

  it('copy into a new file with the rights of new files, and into no other', async () => {
    const bytes = randomBytes(1_000_001)
    const source = path.join(folder, 'private')
    await writeFile(source, bytes, { mode: 0o600 })
    const [copy, plain] = [path.join(folder, 'copy'), await written('plain', bytes)]
    await threads.copy(source, copy, on)
    expect((await readFile(copy)).equals(bytes)).toBe(true)
    expect((await stat(copy)).mode).toBe((await stat(plain)).mode)
    await expect(threads.copy(source, copy, on)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it.each([true, false])('see every difference from what a file should hold, whether its like is known: %s', async (known) => {
    const bytes = randomBytes(2_000_000)
    const content = contentOf(bytes)
    if (known) threads.know(await written('known', bytes), content)
    expect(await threads.holds(await written('same', bytes), content, on)).toBe(true)
    const changed = Buffer.from(bytes)
    changed[1_999_999]! ^= 1
    expect(await threads.holds(await written('changed', changed), content, on)).toBe(false)
    expect(await threads.holds(await written('longer', Buffer.concat([bytes, Buffer.alloc(1)])), content, on)).toBe(false)
    expect(await threads.holds(await written('shorter', bytes.subarray(0, -1)), content, on)).toBe(false)
    await expect(threads.holds(path.join(folder, 'nowhere'), content, on)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('trust a hash alone when what was known is there no more, or is another', async () => {
    const bytes = randomBytes(2_000_000)
    const twin = await written('twin', randomBytes(2_000_000))
    threads.know(twin, contentOf(bytes))
    const file = await written('delivered', bytes)
    expect(await threads.holds(file, contentOf(bytes), on)).toBe(true)
    await rm(twin)
    expect(await threads.holds(file, contentOf(bytes), on)).toBe(true)
  })
})
