import { setTimeout as delay } from 'node:timers/promises'

/** Pieces that are held up are no longer than this part of a second, so that a stop is heard of. */
const piecesASecond = 4

/** The rate of an account, kept to by all runs at once: whoever sends takes a turn as long as its piece, and waits until it begins. */
export class Pace {
  readonly #turn: (lastsMs: number) => Promise<number>
  readonly #bytesPerSecond: number

  /** `turn`: see `DeliveryBook`. */
  constructor(turn: (lastsMs: number) => Promise<number>, bytesPerSecond: number) {
    this.#turn = turn
    this.#bytesPerSecond = bytesPerSecond
  }

  async *slowed(pieces: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
    const most = Math.max(1024, Math.floor(this.#bytesPerSecond / piecesASecond))
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += most) {
        const some = piece.subarray(at, at + most)
        const waitMs = await this.#turn((some.length * 1000) / this.#bytesPerSecond)
        if (waitMs > 0) await delay(waitMs, undefined, { signal })
        yield some
      }
    }
  }
}
