import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'

const event = (seq: number): StoredEvent => ({ seq, at: '2026-11-21T00:00:00.000Z', type: 'log', message: `line ${seq}` })
const range = (from: number, to: number): StoredEvent[] => Array.from({ length: to - from + 1 }, (_none, index) => event(from + index))

describe('a sequence of events', () => {
  it('lets a page through that is larger than what may wait', () => {
    const sequence = new EventSequence()
    expect(sequence.accept(range(1, 5000))).toHaveLength(5000)
    expect(sequence.last).toBe(5000)
  })

  it('keeps what came too early until its turn', () => {
    const sequence = new EventSequence(10)
    expect(sequence.accept([event(12), event(13)])).toEqual([])
    expect(sequence.hole).toBe(true)
    expect(sequence.accept([event(11)]).map(({ seq }) => seq)).toEqual([11, 12, 13])
    expect(sequence.hole).toBe(false)
  })

  it('knows of a hole when too much is waiting to be kept', () => {
    const sequence = new EventSequence()
    sequence.accept(range(2, 4000))
    sequence.accept([event(1)])
    expect(sequence.last).toBeLessThan(4000)
    expect(sequence.hole).toBe(true)
    sequence.accept(range(sequence.last + 1, 4000))
    expect(sequence.hole).toBe(false)
  })

  it('knows of a hole from what the server says alone', () => {
    const sequence = new EventSequence(3)
    sequence.expect(4)
    expect(sequence.hole).toBe(true)
  })

  it('gives each event out once and in order, however they come', () => {
    const arrival = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }), { maxLength: 60 })
    fc.assert(
      fc.property(arrival, fc.integer({ min: 0, max: 30 }), (batches, after) => {
        const sequence = new EventSequence(after)
        const out = batches.flatMap((batch) => sequence.accept(batch.map(event)).map(({ seq }) => seq))
        expect(out).toEqual(out.map((_seq, index) => after + 1 + index))
        const came = new Set(batches.flat().filter((seq) => seq > after))
        let complete = after
        while (came.has(complete + 1)) complete += 1
        expect(sequence.last).toBe(complete)
        expect(sequence.hole).toBe(came.size > complete - after)
      }),
    )
  })
})
