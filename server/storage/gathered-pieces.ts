import type { Readable } from 'node:stream'

export type Piece = Buffer<ArrayBuffer>

/**
 * The pieces of a stream in batches: at least `atLeast` bytes but for the last one, and what came while the last one was worked on. The stream waits when
 * more than `atMost` bytes are there, and flows into nothing when the caller stops. Listens from the start, so that a stream that fails early does not fail
 * unheard. Throws what it fails with, after what came before.
 */
export class GatheredPieces {
  readonly #stream: Readable
  readonly #atLeast: number
  #pieces: Piece[] = []
  #bytes = 0
  #end: { error: Error | null } | null = null
  #wake = () => {}

  constructor(stream: Readable, { atLeast, atMost }: { atLeast: number; atMost: number }) {
    this.#stream = stream
    this.#atLeast = atLeast
    stream.on('data', (piece: Piece) => {
      this.#pieces.push(piece)
      this.#bytes += piece.length
      if (this.#bytes > atMost) stream.pause()
      if (this.#bytes >= atLeast) this.#wake()
    })
    stream.once('end', () => this.#finish(null))
    stream.once('error', (error) => this.#finish(error))
    stream.once('close', () => this.#finish(new Error('the stream was closed before its end')))
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Piece[]> {
    try {
      while (await this.#filled()) {
        const batch = this.#pieces
        this.#pieces = []
        this.#bytes = 0
        this.#stream.resume()
        yield batch
      }
    } finally {
      this.#stream.removeAllListeners('data')
      this.#stream.resume()
    }
  }

  /** Whether nothing more will come than what is there. */
  get ended(): boolean {
    return this.#end !== null
  }

  async #filled(): Promise<boolean> {
    while (this.#bytes < this.#atLeast && !this.#end) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#pieces.length > 0) return true
    if (this.#end?.error) throw this.#end.error
    return false
  }

  #finish(error: Error | null): void {
    this.#end ??= { error }
    this.#wake()
  }
}
