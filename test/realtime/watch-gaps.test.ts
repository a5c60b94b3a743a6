import { EventEmitter, once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watchImport } from '../../client/realtime/watch-client.ts'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { LooseServer } from '../support/loose-server.ts'
import { MemoryTokens } from '../support/page-watcher.ts'

/** Stores lines, and then: tells them, keeps silent about them, doubles them, tells only the last, takes the watcher out of the room, or cuts it off. */
const step = fc.record({ lines: fc.integer({ min: 0, max: 20 }), next: fc.constantFrom('tell', 'silent', 'double', 'last', 'lag', 'cut') })

async function watchThrough(
  steps: readonly { lines: number; next: string }[],
  end: 'end' | 'endUntold' | 'endWithinAnswer' = 'end',
): Promise<{ seen: number[]; stored: StoredEvent[] }> {
  const server = await new LooseServer().listen()
  const changed = new EventEmitter()
  const seen: number[] = []
  let state = ''
  const watch = watchImport({
    importId: server.importId,
    token: 'T'.repeat(43),
    url: server.url,
    tokens: new MemoryTokens(),
    server: {
      view: async () => await Promise.resolve(server.view()),
      events: async (_id, after) => await Promise.resolve(server.page(after)),
      issue: async () => await Promise.reject(new Error('not asked for')),
    },
    onEvents: (events) => void (seen.push(...events.map(({ seq }) => seq)), changed.emit('change')),
    onImport: () => changed.emit('change'),
    onProgress: () => undefined,
    onState: (now) => {
      state = now
      // A cut is followed up at once: waits are not what is tested.
      if (now === 'offline') queueMicrotask(() => watch.nudge())
      changed.emit('change')
    },
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await once(changed, 'change')
  }
  await until(() => state === 'live')
  for (const { lines, next } of steps) {
    const added = server.store(lines)
    const asked = next === 'lag' || next === 'cut' ? once(server.questions, 'asked') : Promise.resolve()
    if (next === 'tell' || next === 'double') server.emit(added)
    if (next === 'double') server.emit(added)
    if (next === 'last') server.emit(added.slice(-1))
    if (next === 'lag') server.lag()
    if (next === 'cut') server.cut()
    await asked
    // What it was told of, it fetches by itself. Of what was kept silent it hears later.
    const told = next === 'lag' || next === 'cut' || (next !== 'silent' && lines > 0)
    if (told) await until(() => seen.length === server.stored.length && state === 'live')
  }
  server[end]()
  await until(() => state === 'ended')
  watch.close()
  await server.close()
  return { seen, stored: server.stored }
}

describe('a watcher of a server that loses, doubles and delays live events', () => {
  it('sees what is stored: nothing lost, nothing twice, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { seen, stored } = await watchThrough(steps)
        expect(seen).toEqual(stored.map(({ seq }) => seq))
      }),
      { numRuns: 40 },
    )
  })

  it('knows that the run has ended when it is told before an older answer', async () => {
    const { seen, stored } = await watchThrough([{ lines: 3, next: 'tell' }], 'endWithinAnswer')
    expect(seen).toEqual(stored.map(({ seq }) => seq))
  })

  it('knows that the run has ended when its last event alone says so', async () => {
    const { seen, stored } = await watchThrough([{ lines: 3, next: 'tell' }], 'endUntold')
    expect(seen).toEqual(stored.map(({ seq }) => seq))
  })
})
