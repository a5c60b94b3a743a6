import { describe, expect, it } from 'vitest'
import { oneAhead } from '../../../server/importers/restore/source/one-ahead.ts'

/** Counts up, notes what it gave out, and whether it was closed. */
function counting(most: number, fault?: Error) {
  const seen = { given: 0, closed: false }
  async function* count(): AsyncGenerator<number> {
    try {
      while (seen.given < most) yield (seen.given += 1)
      if (fault) throw fault
    } finally {
      seen.closed = true
    }
  }
  return { seen, source: count() }
}

describe('reading one ahead', () => {
  it('gives out everything in its order', async () => {
    const { seen, source } = counting(5)
    const taken: number[] = []
    for await (const number of oneAhead(source)) taken.push(number)
    expect(taken).toEqual([1, 2, 3, 4, 5])
    expect(seen.closed).toBe(true)
  })

  it('has the next one ready while one is worked on, and no more than that', async () => {
    const { seen, source } = counting(5)
    for await (const number of oneAhead(source)) {
      await new Promise(setImmediate)
      expect(seen.given).toBe(Math.min(number + 1, 5))
    }
  })

  it('throws what the source throws behind what came before it', async () => {
    const { seen, source } = counting(2, new Error('the file ends too soon'))
    const taken: number[] = []
    const reading = async (): Promise<void> => {
      for await (const number of oneAhead(source)) {
        await new Promise(setImmediate)
        taken.push(number)
      }
    }
    await expect(reading()).rejects.toThrow('the file ends too soon')
    expect(taken).toEqual([1, 2])
    expect(seen.closed).toBe(true)
  })

  it('closes the source when it is broken off, also where the next would have been a fault', async () => {
    const { seen, source } = counting(1, new Error('never heard'))
    for await (const number of oneAhead(source)) if (number === 1) break
    expect(seen.closed).toBe(true)
  })
})
