/** A suspect that was sent away comes back within so long, or has found another process. */
const waitsMs = 15_000

/**
 * Which runs may work beside which in this process. A run that kills its process kills those beside it as often: for them not to be taken for the culprit,
 * a suspect works alone. While one waits for that, nothing new begins.
 */
export class Company {
  readonly #working = new Map<string, { suspect: boolean }>()
  readonly #waiting = new Map<string, number>()

  /** Answers whether it may begin now; it has begun then, until `end`. */
  mayBegin(importId: string, suspect: boolean): boolean {
    const now = performance.now()
    for (const [id, until] of this.#waiting) if (id === importId || until < now) this.#waiting.delete(id)
    const alone = this.#working.size === 0
    const may = suspect ? alone : this.#waiting.size === 0 && [...this.#working.values()].every((other) => !other.suspect)
    if (may) this.#working.set(importId, { suspect })
    else if (suspect) this.#waiting.set(importId, now + waitsMs)
    return may
  }

  end(importId: string): void {
    this.#working.delete(importId)
  }
}
