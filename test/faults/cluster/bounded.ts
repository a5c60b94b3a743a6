import { setTimeout as delay } from 'node:timers/promises'

/** Nobody waits for ever: what has not come after so long is a fault, and `describe` says what was waited for. */
export async function bounded<T>(ms: number, work: Promise<T>, describe: () => string): Promise<T> {
  const done = new AbortController()
  const late = delay(ms, undefined, { signal: done.signal, ref: false }).then(
    () => {
      throw new Error(`waited for ever: ${describe()}`)
    },
    () => undefined as never,
  )
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}

/** Asks again until it answers: what is asked may be away for a while. */
export async function persistently<T>(ask: () => Promise<T>, ms = 60_000): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > until) throw error
      await delay(100)
    }
  }
}
