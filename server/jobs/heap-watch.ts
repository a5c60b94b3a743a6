import { Session } from 'node:inspector/promises'
import { getHeapStatistics } from 'node:v8'

const lookEveryMs = 200

/**
 * Calls `exceeded` once when this thread holds more than it may, garbage not counted: heap, and buffers outside of it. What V8 itself does at its own
 * limit is no help: an allocation that does not fit any more ends the whole process, other threads included. So its limit lies far above this one.
 * Answers what stops the watch.
 */
export function watchHeap(limitMb: number, exceeded: () => void): () => void {
  let collecting = false
  const isOver = () => heldMb(getHeapStatistics()) > limitMb
  const look = async () => {
    if (collecting || !isOver()) return
    collecting = true
    await collectGarbage()
    collecting = false
    if (!isOver()) return
    clearInterval(timer)
    exceeded()
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  return () => clearInterval(timer)
}

/** What heap statistics say that a thread holds, garbage included. */
export function heldMb(statistics: { used_heap_size: number; external_memory: number }): number {
  return (statistics.used_heap_size + statistics.external_memory) / 1024 / 1024
}

async function collectGarbage(): Promise<void> {
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.collectGarbage')
  } finally {
    session.disconnect()
  }
}
