import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FolderSyncs } from '../../../server/destinations/directory/folder-syncs.ts'

describe('the syncs of folders', () => {
  it('serve all who ask while one is under way by the next one, which began after they had made their names', async () => {
    const running: { folder: string; end: () => void }[] = []
    const syncs = new FolderSyncs(async (folder) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      running.push({ folder, end: resolve })
      await promise
    })
    const safe: string[] = []
    const ask = async (who: string, folder: string) => {
      await syncs.sync(folder)
      safe.push(who)
    }
    const all = [ask('first', 'a'), ask('second', 'a'), ask('third', 'a'), ask('other', 'b')]
    expect(running.map(({ folder }) => folder)).toEqual(['a', 'b'])
    running[0]!.end()
    await setImmediate()
    expect(safe).toEqual(['first'])
    expect(running.map(({ folder }) => folder)).toEqual(['a', 'b', 'a'])
    all.push(ask('late', 'a'))
    running[2]!.end()
    await setImmediate()
    expect(safe).toEqual(['first', 'second', 'third'])
    running[1]!.end()
    running[3]!.end()
    await Promise.all(all)
    expect(safe.toSorted()).toEqual(['first', 'late', 'other', 'second', 'third'])
  })

  it('fail those whom they should have served, and nobody after them', async () => {
    let syncs = 0
    const failing = new FolderSyncs(async () => {
      syncs += 1
      await setImmediate()
      if (syncs === 1) throw new Error('the disk is gone')
    })
    const [first, second] = [failing.sync('a'), failing.sync('a')]
    await expect(first).rejects.toThrow('the disk is gone')
    await second
    await failing.sync('a')
    expect(syncs).toBe(3)
  })
})
