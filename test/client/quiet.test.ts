import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Quiet } from '../../client/realtime/quiet.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('quiet is told after the time in which nothing was heard, again and again, until it stops', () => {
  const tell = vi.fn<() => void>()
  const quiet = new Quiet(100, tell)
  vi.advanceTimersByTime(1000)
  expect(tell).not.toHaveBeenCalled()
  quiet.heard()
  vi.advanceTimersByTime(99)
  quiet.heard()
  vi.advanceTimersByTime(99)
  expect(tell).not.toHaveBeenCalled()
  vi.advanceTimersByTime(201)
  expect(tell).toHaveBeenCalledTimes(3)
  quiet.stop()
  vi.advanceTimersByTime(1000)
  expect(tell).toHaveBeenCalledTimes(3)
})
