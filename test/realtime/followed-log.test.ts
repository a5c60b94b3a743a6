import { describe, expect, it, vi } from 'vitest'
import type { EventPage, ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'
import { FollowedLog } from '../../shared/watch/followed-log.ts'
import { viewOf } from '../contracts/fan-out-node.ts'

const line = (seq: number): StoredEvent => ({ seq, at: '2026-11-22T00:00:00.000Z', type: 'log', level: 'info', message: `line ${seq}` })
const lines = (from: number, to: number): StoredEvent[] => Array.from({ length: to - from + 1 }, (_none, index) => line(from + index))
const viewAt = (lastSeq: number, status: SessionStatus = 'running'): ImportView => ({ ...viewOf('table_1_a'), lastSeq, status })

type Page = { import: ImportView } & EventPage
const page = (events: StoredEvent[], lastSeq: number, status?: SessionStatus): Page => ({
  import: viewAt(lastSeq, status),
  events,
  lastSeq,
  more: (events.at(-1)?.seq ?? lastSeq) < lastSeq,
})

/** A follower whose questions the test answers one by one. */
function follow() {
  const asked: { after: number; answer: PromiseWithResolvers<Page | null> }[] = []
  const told: string[] = []
  const seen: number[] = []
  let open = true
  const log = new FollowedLog({
    sequence: new EventSequence(),
    onEvents: (events) => void seen.push(...events.map(({ seq }) => seq)),
    onImport: ({ lastSeq, status }) => void told.push(`${status} at ${lastSeq}`),
    canAsk: () => open,
    ask: async (after) => {
      const answer = Promise.withResolvers<Page | null>()
      asked.push({ after, answer })
      return await answer.promise
    },
    onNothingNew: () => void told.push('nothing new'),
    onFailure: (thrown) => void told.push(String(thrown)),
    onCaughtUp: () => void told.push('caught up'),
    onEnd: ({ lastSeq }) => void told.push(`end at ${lastSeq}`),
  })
  const answer = async (given: Page | null | Error): Promise<void> => {
    const question = asked.at(-1)!
    if (given instanceof Error) question.answer.reject(given)
    else question.answer.resolve(given)
    // All that follows an answer is promises that are settled already.
    await new Promise(setImmediate)
  }
  return { log, asked, told, seen, answer, close: () => void (open = false) }
}

describe('whoever follows a run', () => {
  it('asks page by page until nothing is missing, and takes what comes live meanwhile in its turn', async () => {
    const { log, asked, told, seen, answer } = follow()
    log.ask()
    log.accept(lines(7, 8))
    await answer(page(lines(1, 3), 6))
    await answer(page(lines(4, 6), 6))
    expect(asked.map(({ after }) => after)).toEqual([0, 3])
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(told).toEqual(['running at 6', 'running at 6', 'caught up'])
  })

  it('asks for a hole by itself, once at a time', async () => {
    const { log, asked, seen, answer } = follow()
    log.accept(lines(1, 2))
    log.accept([line(4)])
    log.accept([line(5)])
    expect(asked.map(({ after }) => after)).toEqual([2])
    await answer(page([line(3)], 3))
    expect(asked).toHaveLength(1)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  it('asks once more after it was taken out of the room, even when the answer under way closes every hole', async () => {
    const { log, asked, told, answer } = follow()
    log.ask()
    log.lag(2)
    await answer(page(lines(1, 2), 2))
    expect(asked.map(({ after }) => after)).toEqual([0, 2])
    expect(told).not.toContain('caught up')
    await answer(page([], 2))
    expect(told.at(-1)).toBe('caught up')
  })

  it('holds a run for ended when all of its events are here, and not before', async () => {
    const { log, asked, told, answer } = follow()
    log.accept(lines(1, 2))
    log.note(viewAt(4, 'succeeded'))
    expect(told).toEqual(['succeeded at 4'])
    expect(asked).toHaveLength(1)
    await answer(page(lines(3, 4), 4, 'succeeded'))
    expect(told.at(-1)).toBe('end at 4')
  })

  it('keeps the newer of two import sessions when the answer to a question was overtaken', async () => {
    const { log, told, answer } = follow()
    log.ask()
    log.note(viewAt(5, 'succeeded'))
    await answer(page(lines(1, 3), 3))
    await answer(page(lines(4, 5), 5, 'succeeded'))
    expect(told).toEqual(['succeeded at 5', 'succeeded at 5', 'caught up', 'end at 5'])
  })

  it('says so when something is missing and a page brings none of it', async () => {
    const { log, told, answer, close } = follow()
    log.lag(3)
    await answer(page([], 3))
    expect(told).toEqual(['running at 3', 'nothing new'])
    close()
    await answer(null)
    expect(told).not.toContain('caught up')
  })

  it('tells of a question that failed, holds nothing for ended by it, and asks again when it is told to', async () => {
    const { log, asked, told, answer } = follow()
    log.note(viewAt(1, 'succeeded'))
    await answer(new Error('no answer in time'))
    expect(told).toEqual(['succeeded at 1', 'Error: no answer in time'])
    log.ask()
    await answer(page([line(1)], 1, 'succeeded'))
    expect(asked).toHaveLength(2)
    expect(told.slice(-2)).toEqual(['caught up', 'end at 1'])
  })

  it('asks for the import session when only an event told of its new state', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { log, asked, told, answer } = follow()
      log.accept([{ seq: 1, at: '2026-11-22T00:00:00.000Z', type: 'status', status: 'succeeded', level: 'info' }])
      expect(asked).toEqual([])
      vi.runAllTimers()
      expect(asked.map(({ after }) => after)).toEqual([1])
      await answer(page([], 1, 'succeeded'))
      expect(told.at(-1)).toBe('end at 1')
      log.stop()
    } finally {
      vi.useRealTimers()
    }
  })
})
