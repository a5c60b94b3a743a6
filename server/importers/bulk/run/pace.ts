import { setTimeout as delay } from 'node:timers/promises'

/** Pieces that are held up are no longer than this part of a second, so that a stop is heard of. */
const piecesASecond = 4

/**
 * The rate of an account, kept to by all runs of a process at once: `meter` holds the moment, in µs since 1970, at which the next byte may go. Whoever sends
 * moves it on by what it sends, and waits until its turn has come.
 */
export class Pace {
  readonly #meter: BigInt64Array
  readonly #bytesPerSecond: number

  constructor(meter: SharedArrayBuffer, bytesPerSecond: number) {
    this.#meter = new BigInt64Array(meter)
    this.#bytesPerSecond = bytesPerSecond
  }

  async *slowed(pieces: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
    const most = Math.max(1024, Math.floor(this.#bytesPerSecond / piecesASecond))
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += most) {
        const some = piece.subarray(at, at + most)
        const waitMs = this.#take(some.length)
        if (waitMs > 0) await delay(waitMs, undefined, { signal })
        yield some
      }
    }
  }

  #take(bytes: number): number {
    const cost = BigInt(Math.ceil((bytes * 1_000_000) / this.#bytesPerSecond))
    for (;;) {
      const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000))
      const known = Atomics.load(this.#meter, 0)
      const turn = known > now ? known : now
      if (Atomics.compareExchange(this.#meter, 0, known, turn + cost) === known) return Number(turn - now) / 1000
    }
  }
}
