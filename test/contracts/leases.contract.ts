import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Leases } from '../../server/locks/leases.ts'
import { eventually } from '../support/eventually.ts'

/** Leases over a store that lasts from `create` to `close`. */
export type LeasesSubject = {
  leases: Leases
  /** The same store as another process sees it, or as one sees it after its restart. */
  again(): Promise<Leases>
  /** Empties the store. */
  wipe(): Promise<void>
  close(): Promise<void>
}
export type LeasesFactory = { name: string; create: () => Promise<LeasesSubject> }

const minute = 60_000

/** What every kind of lease has to do. */
export function describeLeases({ name, create }: LeasesFactory): void {
  describe(`leases in ${name}`, () => {
    let subject: LeasesSubject
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

    it('are given to exactly one of 50 who ask at once in two processes', async () => {
      const key = freshKey()
      const both = [subject.leases, await subject.again()]
      const asked = await Promise.all(Array.from({ length: 50 }, async (_, index) => await both[index % 2]!.acquire(key, `owner ${index}`, minute)))
      expect(asked.filter((lease) => lease !== null)).toHaveLength(1)
    })

    it('are given to their owner again', async () => {
      const key = freshKey()
      await acquire(key, 'a')
      const twice = await acquire(key, 'a')
      expect(twice).not.toBeNull()
      expect(await twice!.renew()).toBe(true)
      expect(await acquire(key, 'b')).toBeNull()
    })

    it('are free after their release', async () => {
      const key = freshKey()
      const lease = await acquire(key, 'a')
      await lease!.release()
      expect(await acquire(key, 'b')).not.toBeNull()
    })

    it('stay held through a restart, and can then be taken by their owner alone', async () => {
      const key = freshKey()
      await acquire(key, 'a')
      const leases = await subject.again()
      expect(await leases.acquire(key, 'b', minute)).toBeNull()
      const lease = await leases.acquire(key, 'a', minute)
      await lease!.release()
      expect(await acquire(key, 'b')).not.toBeNull()
    })

    it('live on while they are renewed', async () => {
      const key = freshKey()
      const lease = await acquire(key, 'a', 2_000)
      const until = performance.now() + 3_000
      await eventually(async () => {
        const since = performance.now()
        expect(await lease!.renew()).toBe(true)
        const taken = await acquire(key, 'b')
        // Where the machine stood still between the two it has run out.
        if (performance.now() < since + 2_000) expect(taken).toBeNull()
        await taken?.release()
        expect(performance.now()).toBeGreaterThan(until)
      })
    })

    it('are released twice without harm to who took them in between', async () => {
      const key = freshKey()
      const lease = await acquire(key, 'a')
      await lease!.release()
      await acquire(key, 'b')
      await lease!.release()
      expect(await acquire(key, 'c')).toBeNull()
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

      it('are held again by who renews them, when nobody took them', async () => {
        const key = freshKey()
        // Who ran out at the latest when another one did that began later and lives longer.
        const lease = await acquire(key, 'a', 1)
        const later = freshKey()
        await acquire(later, 'a', 2)
        await eventually(async () => expect(await acquire(later, 'b')).not.toBeNull())
        expect(await lease!.renew()).toBe(true)
      })
    })

    describe('in a store that was wiped', () => {
      it('are held again by who renews them', async () => {
        const key = freshKey()
        const lease = await acquire(key, 'a')
        await subject.wipe()
        expect(await lease!.renew()).toBe(true)
        expect(await acquire(key, 'b')).toBeNull()
      })

      it('are lost to who came first', async () => {
        const key = freshKey()
        const lease = await acquire(key, 'a')
        await subject.wipe()
        const taken = await acquire(key, 'b')
        expect(await lease!.renew()).toBe(false)
        expect(await taken!.renew()).toBe(true)
      })
    })
  })
}
