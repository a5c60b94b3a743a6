import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { chainEvents, chainStart } from '../../server/realtime/event-chain.ts'
import { firstSeed, SeededRandom } from './seeded-random.ts'
import { makePlan } from './watch/watch-plan.ts'
import { WatchStage } from './watch/watch-stage.ts'

/** Scripts of faults, each from a seed of its own; 200 by hand. */
const count = Number(process.env['FAULT_SEEDS'] ?? 20)
const first = firstSeed(process.env)
const seeds = Array.from({ length: count }, (_none, index) => first + index)
const limitMs = 120_000

describe('whoever watches sees the stored log, byte for byte, over cut connections, kills, renewed and expired rights', () => {
  let stage: WatchStage
  const met = new Set<string>()
  beforeAll(async () => {
    stage = await WatchStage.open()
  })
  afterAll(async () => await stage?.close())

  it.each(seeds)('seed %i', async (seed) => {
    const plan = makePlan(new SeededRandom(seed))
    const steps = plan.steps.map((step) => Object.values(step).join(' ')).join(', ')
    const {
      view,
      stored,
      seen,
      met: states,
    } = await stage.play(plan, limitMs).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${steps}`, { cause: error })
    })
    for (const state of states) met.add(state)
    expect(stored.length).toBe(view.lastSeq)
    expect(chainEvents(chainStart, stored)).toBe(view.logChecksum)
    for (const { who, after, events } of seen) {
      const isOpen = !who.endsWith('reload')
      const expected = isOpen ? stored.slice(after) : stored.slice(after, after + events.length)
      expect(difference(events, expected), `${who}, seed ${seed}: ${steps}`).toBeNull()
    }
  })

  // Scripts that disturb nobody would pass as well.
  it.runIf(count >= 20)('and each of these happened', () => {
    expect([...met]).toEqual(expect.arrayContaining(['live', 'catching_up', 'offline', 'polling', 'unauthorized', 'token', 'ended']))
  })
})

/** The first event in which two logs differ, said shortly; null when they are the same. */
function difference(seen: StoredEvent[], stored: StoredEvent[]): string | null {
  const at = Array.from({ length: Math.max(seen.length, stored.length) }).findIndex((_none, index) => line(seen[index]) !== line(stored[index]))
  return at === -1
    ? null
    : `event ${at + 1} of ${seen.length} is ${line(seen[at]).slice(0, 300)}, stored is ${line(stored[at]).slice(0, 300)} of ${stored.length}`
}

function line(event: StoredEvent | undefined): string {
  if (!event) return 'missing'
  const { seq, at, type, level, stream, message, data, status } = event
  return JSON.stringify([seq, at, type, level, stream, message, data, status])
}
