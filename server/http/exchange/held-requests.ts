/** Requests that are held for 1C: each for so long at most, and none beyond the end of its connection or of this process. */
export class HeldRequests {
  readonly #holdMs: number
  readonly #stopping = new AbortController()
  readonly #held = new Set<Promise<unknown>>()

  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  /** Runs `work` with a signal that says when to answer. */
  async hold<T>(gone: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
    const held = work(AbortSignal.any([gone, this.#stopping.signal, AbortSignal.timeout(this.#holdMs)]))
    this.#held.add(held)
    try {
      return await held
    } finally {
      this.#held.delete(held)
    }
  }

  /** Lets all of them be answered. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#held)
  }
}
