import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Leases } from '../../server/locks/leases.ts'
import { eventually } from '../support/eventually.ts'

export type LeasesFactory = { name: string; create: () => Promise<{ leases: Leases; close(): Promise<void> }> }

const minute = 60_000

/** What every kind of lease has to do. */
export function describeLeases({ name, create }: LeasesFactory): void {
  describe(`leases in ${name}`, () => {
    let subject: { leases: Leases; close(): Promise<void> }
    let count = 0
    const freshKey = () => `target:${++count}`
    const acquire = async (key: string, owner: string, ttlMs = minute) => await subject.leases.acquire(key, owner, ttlMs)

    beforeAll(async () => {
      subject = await create()
    })
    afterAll(async () => await subject.close())

    it('have one holder for each key', async () => {
      const key = freshKey()
      expect(await acquire(key, 'a')).not.toBeNull()
      expect(await acquire(key, 'b')).toBeNull()
      expect(await acquire(freshKey(), 'b')).not.toBeNull()
    })

    it('are given to exactly one of 50 who ask at once', async () => {
      const key = freshKey()
      const asked = await Promise.all(Array.from({ length: 50 }, async (_, index) => await acquire(key, `owner ${index}`)))
      expect(asked.filter((lease) => lease !== null)).toHaveLength(1)
    })

    it('are given to their owner again', async () => {
      const key = freshKey()
      await acquire(key, 'a')
      expect(await acquire(key, 'a')).not.toBeNull()
    })

    it('are free after their release', async () => {
      const key = freshKey()
      const lease = await acquire(key, 'a')
      await lease!.release()
      expect(await acquire(key, 'b')).not.toBeNull()
    })

    it('live on while they are renewed', async () => {
      const key = freshKey()
      const lease = await acquire(key, 'a', 300)
      const until = Date.now() + 700
      await eventually(async () => {
        expect(await lease!.renew()).toBe(true)
        expect(await acquire(key, 'b')).toBeNull()
        expect(Date.now()).toBeGreaterThan(until)
      })
    })

    describe('that ran out', () => {
      it('can be taken over, by exactly one', async () => {
        const key = freshKey()
        await acquire(key, 'a', 1)
        const taken = await eventually(async () => {
          const asked = await Promise.all(['b', 'c', 'd'].map(async (owner) => await acquire(key, owner)))
          const held = asked.filter((lease) => lease !== null)
          expect(held.length).toBeGreaterThan(0)
          return held
        })
        expect(taken).toHaveLength(1)
      })

      it('can neither be renewed nor released by who lost them', async () => {
        const key = freshKey()
        const lost = await acquire(key, 'a', 1)
        const taken = await eventually(async () => {
          const lease = await acquire(key, 'b')
          expect(lease).not.toBeNull()
          return lease!
        })
        expect(await lost!.renew()).toBe(false)
        await lost!.release()
        expect(await acquire(key, 'c')).toBeNull()
        expect(await taken.renew()).toBe(true)
      })

      it('can not be renewed, even when nobody took them', async () => {
        const lease = await acquire(freshKey(), 'a', 1)
        await eventually(async () => expect(await lease!.renew()).toBe(false))
      })
    })
  })
}
