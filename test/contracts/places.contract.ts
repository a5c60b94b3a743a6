import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Places } from '../../server/locks/places.ts'

/** `again`: the places as another process sees them; the same ones where there is one process alone. */
export type PlacesSubject = { places: Places; again(): Promise<Places>; close(): Promise<void> }

/** What all places have to do. */
export function describePlaces(name: string, create: () => Promise<PlacesSubject>): void {
  describe(`places of ${name}`, () => {
    let subject: PlacesSubject
    let [here, there]: Places[] = []
    beforeAll(async () => {
      subject = await create()
      here = subject.places
      there = await subject.again()
    })
    afterAll(async () => await subject.close())

    it('are as many as there are, whoever asks at the same time', async () => {
      const asked = Array.from({ length: 40 }, async (_none, at) => await (at % 2 === 0 ? here! : there!).take('crowd', 7))
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(7)
      expect(await here!.take('elsewhere', 1)).toBe(true)
    })

    it('are free again when they are given back', async () => {
      expect(await here!.take('one', 1)).toBe(true)
      expect(await there!.take('one', 1)).toBe(false)
      await here!.give('one')
      expect(await there!.take('one', 1)).toBe(true)
      expect(await here!.take('one', 1)).toBe(false)
      expect(await here!.take('one', 2)).toBe(true)
    })

    it('have turns that follow one another', async () => {
      const turns: number[] = []
      for (let at = 0; at < 10; at++) turns.push(await (at % 2 === 0 ? here! : there!).turn('rate', 600_000))
      expect(turns[0]).toBeLessThan(1)
      // Each begins when the one before ends, whatever the time that asking took.
      for (let at = 1; at < 10; at++) expect(turns[at]! - turns[at - 1]!).toBeGreaterThan(300_000)
      expect(turns[9]).toBeLessThanOrEqual(5_400_000)
      expect(await here!.turn('another rate', 10)).toBeLessThan(1)
    })
  })
}
