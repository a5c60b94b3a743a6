/** What the rate is measured over, in milliseconds. */
const windowMs = 10_000
/** Before that it would only tell how full the buffers are. */
const leastMs = 1000

/** Bytes a second, and milliseconds that are left; null while nothing can be told. */
export type Rate = { rate: number | null; etaMs: number | null }

/** Measures how fast an upload goes, by what went in the last ten seconds. */
export class RateMeter {
  #samples: { at: number; sent: number }[] = []

  /** `now` in milliseconds. What goes back, or jumps because the server had it already, is where it begins anew. */
  measure(sent: number, total: number, now: number, jumped = false): Rate {
    if (jumped || sent < (this.#samples.at(-1)?.sent ?? 0)) this.#samples = []
    this.#samples.push({ at: now, sent })
    this.#samples = this.#samples.filter(({ at }) => now - at <= windowMs)
    const first = this.#samples[0] ?? { at: now, sent }
    const ms = now - first.at
    if (ms < leastMs || sent === first.sent) return { rate: null, etaMs: null }
    const rate = ((sent - first.sent) / ms) * 1000
    return { rate, etaMs: ((total - sent) / rate) * 1000 }
  }
}
