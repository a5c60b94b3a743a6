import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openStorage } from '../../server/storage/open-storage.ts'
import { describeStorage, keysOf } from './storage.contract.ts'

describeStorage({
  name: 'on a disk',
  create: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'intake-storage-'))
    const open = async () => await openStorage({ type: 'disk', root: path.join(folder, 'uploads') })
    return { open, close: async () => await rm(folder, { recursive: true }) }
  },
})

describe('files on a disk', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-storage-'))
  afterAll(async () => await rm(folder, { recursive: true }))

  it('can be read and written by the server alone', async () => {
    const root = path.join(folder, 'uploads')
    const storage = await openStorage({ type: 'disk', root })
    const writer = await storage.create()
    const [part = ''] = await readdir(root)
    expect((await stat(path.join(root, part))).mode & 0o777).toBe(0o600)
    await writer.commit()
    expect((await stat(root)).mode & 0o777).toBe(0o700)
    expect((await stat(path.join(root, writer.key))).mode & 0o777).toBe(0o600)
  })

  it('of other people in the same folder are not taken for uploads', async () => {
    const root = path.join(folder, 'mixed')
    const storage = await openStorage({ type: 'disk', root })
    for (const name of ['readme.txt', 'thesis.part']) await writeFile(path.join(root, name), '')
    expect(await keysOf(storage)).toEqual([])
    expect(await storage.sweep(Infinity)).toBe(0)
  })

  it('can’t be stored when the folder is gone', async () => {
    const root = path.join(folder, 'gone')
    const storage = await openStorage({ type: 'disk', root })
    await rm(root, { recursive: true })
    await expect(storage.ping()).rejects.toMatchObject({ code: 'unavailable' })
  })
})
