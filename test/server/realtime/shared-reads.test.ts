import { describe, expect, it } from 'vitest'
import { messageOf } from '../../../server/errors.ts'
import { SharedReads } from '../../../server/realtime/shared-reads.ts'
import type { ReplayPage } from '../../../server/realtime/shared-reads.ts'

/** Reads that end when they are told to, in the order in which they began. */
function heldReads() {
  const begun: { after: number; done: PromiseWithResolvers<ReplayPage> }[] = []
  const reads = new SharedReads(async (_importId, after) => {
    const done = Promise.withResolvers<ReplayPage>()
    begun.push({ after, done })
    return await done.promise
  })
  return { begun, reads }
}

const pageOf = (lastSeq: number): ReplayPage => ({ page: { events: [], lastSeq, more: false }, view: null })

describe('pages that are read for many sockets', () => {
  it('are read once for all who wait for the same, a few at a time', async () => {
    const { begun, reads } = heldReads()
    const before = [1, 2, 3, 4].map(async (after) => await reads.after('run', after))
    const crowd = Array.from({ length: 100 }, async () => await reads.after('run', 5))
    expect(begun.map(({ after }) => after)).toEqual([1, 2, 3, 4])
    begun[0]!.done.resolve(pageOf(9))
    await before[0]
    await expect.poll(() => begun.length).toBe(5)
    const late = reads.after('run', 5)
    begun[4]!.done.resolve(pageOf(10))
    expect(new Set((await Promise.all(crowd)).map(({ page }) => page.lastSeq))).toEqual(new Set([10]))
    // Who asked after the read had begun may have missed what was stored meanwhile.
    await expect.poll(() => begun.length).toBe(6)
    begun[5]!.done.resolve(pageOf(11))
    expect((await late).page.lastSeq).toBe(11)
  })

  it('that can’t be read are told to all who wait, and leave room for the next', async () => {
    const { begun, reads } = heldReads()
    const asked = [1, 2, 3, 4, 5, 5].map(async (after) => await reads.after('run', after).catch(messageOf))
    for (const { done } of begun.splice(0)) done.reject(new Error('away'))
    await expect.poll(() => begun.length).toBe(1)
    begun[0]!.done.reject(new Error('away'))
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 6 }, () => 'away'))
  })

  it('leave others a turn between two who wait', async () => {
    const { begun, reads } = heldReads()
    for (const after of [1, 2, 3, 4]) void reads.after('run', after)
    let answered = 0
    const crowd = Array.from({ length: 10 }, async () => {
      await reads.after('run', 5)
      answered += 1
    })
    begun[0]!.done.resolve(pageOf(1))
    await expect.poll(() => begun.length).toBe(5)
    const seen = new Set<number>()
    const look = (): void => {
      seen.add(answered)
      if (answered < 10) setImmediate(look)
    }
    look()
    begun[4]!.done.resolve(pageOf(1))
    await Promise.all(crowd)
    expect(seen.size).toBeGreaterThan(5)
  })
})
