import { PackingError, endsInTheMiddle } from './packing-error.ts'

/** Packed bytes out of a stream of chunks, also as bits, the highest of a byte first. Reading is synchronous within what `fill` has brought in. */
export class PackedInput {
  bytes: Buffer = Buffer.alloc(0)
  /** The next byte that is not in `window` yet. */
  at = 0
  /** Up to 32 bits read ahead, of which the lowest `held` are still to be given. */
  window = 0
  held = 0
  readonly #source: AsyncIterator<Buffer>
  #ended = false

  constructor(source: AsyncIterator<Buffer>) {
    this.#source = source
  }

  /** Brings in chunks until `wanted` bytes are there, or all that the source has. */
  async fill(wanted: number): Promise<void> {
    const chunks = [this.bytes.subarray(this.at)]
    let have = chunks[0]!.length
    if (have >= wanted || this.#ended) return
    while (have < wanted) {
      const next = await this.#source.next()
      if (next.done === true) {
        this.#ended = true
        break
      }
      chunks.push(next.value)
      have += next.value.length
    }
    this.bytes = Buffer.concat(chunks)
    this.at = 0
  }

  /** The next `count` bits, at most 24. */
  read(count: number): number {
    while (this.held < count) {
      if (this.at >= this.bytes.length) throw new PackingError('damaged', endsInTheMiddle)
      this.window = (this.window << 8) | this.bytes[this.at++]!
      this.held += 8
    }
    this.held -= count
    return (this.window >>> this.held) & ((1 << count) - 1)
  }

  read32(): number {
    return ((this.read(16) << 16) | this.read(16)) >>> 0
  }

  /** Drops the rest of a byte that was begun. */
  align(): void {
    this.held -= this.held % 8
  }

  /** Nothing is left, counted in whole bytes, of what `fill` could bring in. */
  get empty(): boolean {
    return this.held < 8 && this.at >= this.bytes.length
  }
}
