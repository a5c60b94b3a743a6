import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { link, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileThreads } from '../../../server/storage/file-threads.ts'
import type { ToFileThread } from '../../../server/storage/file-threads.ts'

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

  it('make many copies of one file in one reading, and fail each alone', async () => {
    const bytes = randomBytes(3_000_001)
    const source = await written('many', bytes)
    const names = Array.from({ length: 12 }, (_none, index) => path.join(folder, `many-${index}`))
    for (const name of names) await link(source, name)
    const taken = await written('taken', Buffer.from('there'))
    const copyTo = async (name: string, index: number) => await threads.copy(name, index === 5 ? taken : path.join(folder, `copy-${index}`), on)
    // The threads are busy until all have asked.
    const before = Array.from({ length: 4 }, async () => await threads.hash(source, bytes.length, on))
    const copies = await Promise.allSettled(names.map(copyTo))
    await Promise.all(before)
    expect(copies).toEqual(
      names.map((_name, index) =>
        index === 5 ? { status: 'rejected', reason: expect.objectContaining({ code: 'EEXIST' }) } : { status: 'fulfilled', value: bytes.length },
      ),
    )
    for (const index of [0, 4, 6, 11]) expect((await readFile(path.join(folder, `copy-${index}`))).equals(bytes), `copy ${index}`).toBe(true)
    expect(await readFile(taken, 'utf8')).toBe('there')
  })

  it('keep files apart that are wanted at the same time', async () => {
    const all = Array.from({ length: 12 }, () => randomBytes(400_000))
    const sources = await Promise.all(all.map(async (bytes, index) => await written(`apart-${index}`, bytes)))
    const copies = sources.map((source) => `${source}-copy`)
    await Promise.all(sources.map(async (source, index) => await threads.copy(source, copies[index]!, on)))
    const found = await Promise.all(copies.map(async (copy) => await threads.hash(copy, 400_000, on)))
    expect(found).toEqual(all.map(contentOf))
  })

  it('read a file by whichever of its names is still there', async () => {
    const bytes = randomBytes(300_000)
    const thread = new Worker(new URL('../../../server/storage/file-thread.ts', import.meta.url))
    try {
      const sources = [path.join(folder, 'went'), await written('stays', bytes)]
      const parts = sources.map((source, index) => ({ source, file: path.join(folder, `by-${index}`), stop: new SharedArrayBuffer(4) }))
      thread.postMessage({ do: 'copy', parts } satisfies ToFileThread)
      expect(await once(thread, 'message')).toEqual([[{ done: { size: 300_000 } }, { done: { size: 300_000 } }]])
      expect((await readFile(path.join(folder, 'by-0'))).equals(bytes)).toBe(true)
    } finally {
      await thread.terminate()
    }
  })

  it('say of each of many copies whether it is the same as what is known', async () => {
    const bytes = randomBytes(1_000_000)
    threads.know(await written('original', bytes), contentOf(bytes))
    const differs = (index: number) => index % 3 === 1
    const files = await Promise.all(
      Array.from({ length: 9 }, async (_none, index) => {
        const copy = Buffer.from(bytes)
        if (differs(index)) copy[index * 100_000]! ^= 1
        return await written(`like-${index}`, copy)
      }),
    )
    const found = await Promise.all(files.map(async (file) => await threads.holds(file, contentOf(bytes), on)))
    expect(found).toEqual(files.map((_file, index) => !differs(index)))
  })

  it('stop one copy of a file, and make the others', async () => {
    const bytes = randomBytes(2_000_000)
    const source = await written('some', bytes)
    const stop = new AbortController()
    const busy = Array.from({ length: 4 }, async () => await threads.hash(source, bytes.length, on))
    const stopped = threads.copy(source, path.join(folder, 'stopped'), stop.signal)
    const made = threads.copy(source, path.join(folder, 'made'), on)
    stop.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    expect(await made).toBe(bytes.length)
    await Promise.all(busy)
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
