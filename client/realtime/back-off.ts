/** Waits that grow from try to try, with jitter, so that a thousand pages do not come back in the same moment after a restart. */
export class BackOff {
  readonly #firstMs: number
  readonly #longestMs: number
  #tries = 0

  constructor(firstMs = 300, longestMs = 10_000) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
  }

  /** The next wait in milliseconds: half of it certain, half of it chance. */
  next(): number {
    const full = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#tries)
    this.#tries += 1
    return full / 2 + (Math.random() * full) / 2
  }

  reset(): void {
    this.#tries = 0
  }
}
