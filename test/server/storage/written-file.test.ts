import { mkdtemp, open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { WrittenFile } from '../../../server/storage/written-file.ts'
import { eventually } from '../../support/eventually.ts'

/** So many bytes are synced on their way. */
const many = Buffer.alloc(32 * 1024 * 1024, 'x')

it('a sync that failed on the way is not forgotten when the next one succeeds', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-written-'))
  const file = await open(path.join(dir, 'upload'), 'w')
  onTestFinished(async () => await rm(dir, { recursive: true }))
  const lost = Object.assign(new Error('the disk lost a page'), { code: 'EIO' })
  let syncs = 0
  const failsOnce = new Proxy(file, {
    get: (handle, name: keyof FileHandle) => {
      if (name === 'datasync') return async () => await (++syncs === 1 ? Promise.reject(lost) : handle.datasync())
      const value = handle[name]
      return typeof value === 'function' ? value.bind(handle) : value
    },
  })
  const written = new WrittenFile(failsOnce)
  await written.write([many])
  await eventually(() => expect(syncs).toBe(1))
  await expect(written.commit()).rejects.toBe(lost)
  expect(written.safe).toBe(0)
  await written.close()
})
