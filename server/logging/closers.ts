import type { Logger } from './logger.ts'

type Closer = { name: string; close: () => Promise<void> | void }

/**
 * What was opened, to be closed in reverse order, also after a failed start. Each closer gets its turn whatever happened to the others; what has not
 * ended at the deadline is left behind and named.
 */
export class Closers {
  #stack: Closer[] = []
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  add(name: string, close: () => Promise<void> | void): void {
    this.#stack.push({ name, close })
  }

  /** Closes everything. Resolves at the latest `deadlineMs` after the call. A second call finds nothing left to do. */
  async close(deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs
    while (this.#stack.length > 0) {
      const closer = this.#stack.pop()!
      try {
        const done = await raceDeadline(Promise.resolve(closer.close()), Math.max(0, until - Date.now()))
        if (!done) this.#log.warn({ part: closer.name }, 'not closed before the deadline')
      } catch (error) {
        this.#log.error({ err: error, part: closer.name }, 'failed to close')
      }
    }
  }
}

async function raceDeadline(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true as const), late])
  } finally {
    clearTimeout(timer)
  }
}
