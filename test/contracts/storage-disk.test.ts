import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DiskStorage } from '../../server/storage/storage.ts'
import { describeStorage } from './storage.contract.ts'

describeStorage({
  name: 'on a disk',
  create: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'intake-storage-'))
    const storage = await DiskStorage.open(path.join(folder, 'uploads'))
    return { storage, read: async (key) => await readFile(storage.pathOf(key)), close: async () => await rm(folder, { recursive: true }) }
  },
})

describe('files on a disk', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-storage-'))
  afterAll(async () => await rm(folder, { recursive: true }))

  it('can be read and written by the server alone', async () => {
    const storage = await DiskStorage.open(path.join(folder, 'uploads'))
    const writer = await storage.create()
    await writer.commit()
    expect((await stat(storage.root)).mode & 0o777).toBe(0o700)
    expect((await stat(storage.pathOf(writer.key))).mode & 0o777).toBe(0o600)
  })

  it('of other people in the same folder are not taken for uploads', async () => {
    const storage = await DiskStorage.open(path.join(folder, 'mixed'))
    await writeFile(path.join(storage.root, 'readme.txt'), '')
    expect(await storage.keys()).toEqual([])
  })
})
