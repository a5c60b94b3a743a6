import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileHashes } from '../../../server/storage/file-hashes.ts'

describe('the threads that hash files', () => {
  const hashes = new FileHashes()
  const on = new AbortController().signal
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-hashes-'))
  })
  afterAll(async () => {
    await hashes.close()
    await rm(folder, { recursive: true })
  })

  it('hash many files at once, small and large, each by itself', async () => {
    const files = [0, 1, 100_000, 512 * 1024, 512 * 1024 + 1, 3_000_000].map((size) => ({
      file: path.join(folder, `of-${size}`),
      bytes: randomBytes(size),
    }))
    for (const { file, bytes } of files) await writeFile(file, bytes)
    const found = await Promise.all(files.map(async ({ file, bytes }) => await hashes.of(file, bytes.length, on)))
    expect(found).toEqual(files.map(({ bytes }) => ({ size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })))
  })

  it('say which file is not there, and go on', async () => {
    const file = path.join(folder, 'there')
    await writeFile(file, Buffer.alloc(300_000))
    const gone = async () => await hashes.of(path.join(folder, 'gone'), 300_000, on)
    await Promise.all(Array.from({ length: 8 }, async () => await expect(gone()).rejects.toMatchObject({ code: 'ENOENT' })))
    expect(await hashes.of(file, 300_000, on)).toMatchObject({ size: 300_000 })
  })

  it('stop when nobody wants the hash any more', async () => {
    const file = path.join(folder, 'sparse')
    await writeFile(file, '')
    await truncate(file, 200 * 1024 ** 3)
    const stop = new AbortController()
    const endless = Array.from({ length: 6 }, async () => await hashes.of(file, 200 * 1024 ** 3, stop.signal))
    setImmediate(() => stop.abort(new Error('enough')))
    for (const each of endless) await expect(each).rejects.toThrow('enough')
    expect(await hashes.of(file.replace('sparse', 'there'), 300_000, on)).toMatchObject({ size: 300_000 })
  })
})
