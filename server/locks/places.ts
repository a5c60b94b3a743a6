/**
 * What so many may do at once, and at what rate: deliveries to an account, by all runs of all processes that share a store. A store that is away, or forgets,
 * leaves each process to count for itself: nobody waits for ever, and nobody goes without limit.
 */
export type Places = {
  /** Takes one of `most` places; false when none is free. Whoever is gone without giving it back loses it after a while. */
  take(key: string, most: number): Promise<boolean>
  /** Gives a place back that this process took. */
  give(key: string): Promise<void>
  /** Takes the next turn, which lasts so many ms; answers in how many ms it begins. Turns follow one another. */
  turn(key: string, lastsMs: number): Promise<number>
  close(): Promise<void>
}

/** The places of one process. */
export class OwnPlaces implements Places {
  readonly #taken = new Map<string, number>()
  readonly #turns = new Map<string, number>()

  async take(key: string, most: number): Promise<boolean> {
    const taken = this.#taken.get(key) ?? 0
    if (taken >= most) return false
    this.#taken.set(key, taken + 1)
    return true
  }

  async give(key: string): Promise<void> {
    const left = (this.#taken.get(key) ?? 0) - 1
    if (left > 0) this.#taken.set(key, left)
    else this.#taken.delete(key)
  }

  async turn(key: string, lastsMs: number): Promise<number> {
    const now = performance.now()
    const begins = Math.max(now, this.#turns.get(key) ?? 0)
    this.#turns.set(key, begins + lastsMs)
    return begins - now
  }

  async close(): Promise<void> {}
}
