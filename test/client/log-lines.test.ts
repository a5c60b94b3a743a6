import { describe, expect, it } from 'vitest'
import { lineWindow, offsetByKey } from '../../client/log/line-window.ts'
import { LogBuffer, olderPageSize } from '../../client/log/log-buffer.ts'
import { LogSearch } from '../../client/log/log-search.ts'
import type { LogLevel, StoredEvent } from '../../shared/protocol/views.ts'

const event = (seq: number, level: LogLevel = 'info', message = `line ${seq}`): StoredEvent => ({ seq, at: '', type: 'log', level, message })
const range = (from: number, to: number): StoredEvent[] => Array.from({ length: to - from + 1 }, (_none, index) => event(from + index))

describe('the lines that a page keeps of a log', () => {
  it('are the newest, within a bound', () => {
    const log = new LogBuffer()
    for (let from = 1; from <= 50_000; from += 1000) log.push(range(from, from + 999))
    expect(log.last).toBe(50_000)
    expect(log.newest().length).toBeLessThanOrEqual(22_000)
    expect(log.line(50_000)?.seq).toBe(50_000)
    expect(log.line(log.first)?.seq).toBe(log.first)
    expect(log.line(1)).toBeUndefined()
  })

  it('are fetched by pages where they are older, each page once', () => {
    const log = new LogBuffer()
    log.startAfter(3000)
    log.push(range(3001, 3100))
    expect(log.missing(990, 1010)).toEqual([500, 1000])
    log.fill(500, range(501, 1000))
    expect(log.missing(990, 1010)).toEqual([1000])
    expect(log.line(1000)?.seq).toBe(1000)
    expect(log.missing(2990, 3050)).toEqual([2500])
    expect(log.missing(3001, 3050)).toEqual([])
  })

  it('give the pages back that were fetched long ago', () => {
    const log = new LogBuffer()
    log.startAfter(100_000)
    for (let page = 0; page < 60; page++) log.fill(page * olderPageSize, range(page * olderPageSize + 1, (page + 1) * olderPageSize))
    expect(log.line(1)).toBeUndefined()
    expect(log.line(59 * olderPageSize + 1)?.seq).toBe(59 * olderPageSize + 1)
  })
})

describe('a search in a log', () => {
  const filter = { levels: ['error'] as const, text: '', stream: '' }

  it('reads page by page, then takes live lines that match', async () => {
    const pages = [
      { events: [event(3, 'error')], lastSeq: 9, more: true },
      { events: [event(7, 'error')], lastSeq: 9, more: false },
    ]
    const asked: number[] = []
    const search = new LogSearch(filter, async (_filter, after) => {
      asked.push(after)
      return await Promise.resolve(pages[asked.length - 1] ?? { events: [], lastSeq: 9, more: false })
    })
    search.push([event(4, 'error')])
    await search.readMore()
    await search.readMore()
    search.push([event(9, 'error'), event(10, 'error'), event(11)])
    expect(asked).toEqual([0, 3])
    expect(search.lines.map(({ seq }) => seq)).toEqual([3, 7, 10])
  })

  it('finds text without regard to case', async () => {
    const search = new LogSearch(
      { levels: [], text: 'TaBle', stream: '' },
      async () => await Promise.resolve({ events: [], lastSeq: 0, more: false }),
    )
    await search.readMore()
    search.push([event(1, 'info', 'No such table: book'), event(2, 'info', 'fine')])
    expect(search.lines.map(({ seq }) => seq)).toEqual([1])
  })
})

describe('the window on a list of lines', () => {
  const box = { lineHeight: 20, height: 400 }

  it('shows the lines at its offset, the first one cut', () => {
    expect(lineWindow({ ...box, count: 1000, offset: 105 })).toMatchObject({ first: 5, shown: 21, shift: 5, spacer: 20_000, scale: 1 })
  })

  it('ends with the last line', () => {
    const view = lineWindow({ ...box, count: 1000, offset: 1e9 })
    expect(view.first + view.shown).toBe(1000)
    expect(view.shift).toBe(0)
  })

  it('reaches every line of a list that is taller than a browser can show', () => {
    const count = 50_000_000
    const end = lineWindow({ ...box, count, offset: Number.MAX_SAFE_INTEGER })
    expect(end.spacer).toBe(8_000_000)
    expect(end.first + end.shown).toBe(count)
    expect((end.spacer - box.height) * end.scale).toBeCloseTo(end.furthest, 3)
  })

  it('moves by keys as other lists do', () => {
    const at = { offset: 200, furthest: 5000, ...box }
    expect(['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'a'].map((key) => offsetByKey(key, at))).toEqual([
      180,
      220,
      -180,
      580,
      0,
      5000,
      null,
    ])
  })
})
