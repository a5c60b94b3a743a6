import type { PackedInput } from './packed-input.ts'
import { PackingError, endsInTheMiddle } from './packing-error.ts'

type LzmaOptions = {
  lc: number
  lp: number
  pb: number
  /** Bytes of the dictionary. */ window: number
  /** Unpacked bytes, when the header tells. */ size: number | null
}

// Places of the probability models in one array.
const isMatch = 0
const isRep = isMatch + 12 * 16
const isRep0 = isRep + 12
const isRep1 = isRep0 + 12
const isRep2 = isRep1 + 12
const isRep0Long = isRep2 + 12
const slots = isRep0Long + 12 * 16
const distances = slots + 4 * 64
const aligned = distances + 128
const matchLength = aligned + 16
// Choice, second choice, 16 trees of 3 bits, 16 trees of 3 bits, a tree of 8 bits.
const lengthModels = 2 + 128 + 128 + 256
const repLength = matchLength + lengthModels
const literals = repLength + lengthModels

const signBit = 0x8000_0000 | 0
const outputBytes = 1 << 16

/**
 * A decoder of LZMA as the LZMA SDK's specification describes it: an adaptive binary range decoder, whose bits are literals, matches with a new
 * distance, and matches with one of the last four. `range` and `code` are 32-bit values kept as signed numbers, which V8 handles without boxes.
 */
export class LzmaDecoder {
  readonly #options: LzmaOptions
  readonly #models: Uint16Array
  readonly #window: Buffer
  #position = 0
  #flushed = 0
  #produced = 0
  #output: Buffer[] = []
  #state = 0
  #recent = [0, 0, 0, 0]
  #range = -1
  #code = 0
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** Reads the range decoder's first five bytes, which must be there. */
  constructor(input: PackedInput, options: LzmaOptions) {
    this.#options = options
    this.#models = new Uint16Array(literals + (0x300 << (options.lc + options.lp))).fill(1024)
    this.#window = Buffer.allocUnsafe(options.window)
    if (input.bytes[input.at] !== 0) throw this.#broken()
    this.#code = input.bytes.readInt32BE(input.at + 1)
    input.at += 5
  }

  /** Decodes until the end of the data (true), until `input.at` reaches `stopAt`, or until some output is ready to be taken. */
  run(input: PackedInput, stopAt: number): boolean {
    this.#bytes = input.bytes
    this.#at = input.at
    const { size } = this.#options
    let done = false
    while (!done && this.#at <= stopAt && this.#output.length === 0) {
      if (this.#produced === size && this.#code === 0) done = true
      else done = this.#decodeSymbol()
      if (this.#at > this.#bytes.length) throw new PackingError('damaged', endsInTheMiddle)
      if (size !== null && (this.#produced > size || (done && this.#produced < size))) throw this.#broken()
      if (this.#position - this.#flushed >= outputBytes) this.#flush()
    }
    if (done) this.#flush()
    input.at = this.#at
    return done
  }

  takeOutput(): Buffer[] {
    const output = this.#output
    this.#output = []
    return output
  }

  /** True at the end marker. */
  #decodeSymbol(): boolean {
    const positionState = this.#produced & ((1 << this.#options.pb) - 1)
    const state = this.#state
    if (this.#bit(isMatch + (state << 4) + positionState) === 0) {
      this.#literal()
      this.#state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
      return false
    }
    if (this.#bit(isRep + state) === 1) {
      this.#repeat(positionState)
      return false
    }
    const [a, b, c] = this.#recent
    const length = this.#length(matchLength, positionState)
    this.#state = state < 7 ? 7 : 10
    const distance = this.#distance(length)
    if (distance === -1) {
      if (this.#code !== 0) throw this.#broken()
      return true
    }
    this.#recent = [distance, a!, b!, c!]
    this.#copy(distance, length + 2)
    return false
  }

  /** A match with one of the last four distances, or one byte at the last distance. */
  #repeat(positionState: number): void {
    const state = this.#state
    const recent = this.#recent
    if (this.#bit(isRep0 + state) === 0) {
      if (this.#bit(isRep0Long + (state << 4) + positionState) === 0) {
        this.#state = state < 7 ? 9 : 11
        this.#copy(recent[0]!, 1)
        return
      }
    } else {
      const index = this.#bit(isRep1 + state) === 0 ? 1 : this.#bit(isRep2 + state) === 0 ? 2 : 3
      const [distance] = recent.splice(index, 1)
      recent.unshift(distance!)
    }
    const length = this.#length(repLength, positionState)
    this.#state = state < 7 ? 8 : 11
    this.#copy(recent[0]!, length + 2)
  }

  #literal(): void {
    const { lc, lp } = this.#options
    const last = this.#produced === 0 ? 0 : this.#byteBack(0)
    const place = literals + 0x300 * (((this.#produced & ((1 << lp) - 1)) << lc) + (last >>> (8 - lc)))
    let symbol = 1
    if (this.#state >= 7) {
      // After a match, the byte that the match would have gone on with guides the models, as long as it agrees.
      let expected = this.#byteBack(this.#recent[0]!)
      while (symbol < 0x100) {
        const guess = (expected >>> 7) & 1
        expected <<= 1
        const bit = this.#bit(place + ((1 + guess) << 8) + symbol)
        symbol = (symbol << 1) | bit
        if (bit !== guess) break
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(place + symbol)
    this.#put(symbol & 0xff)
  }

  /** The length of a match, less 2. */
  #length(models: number, positionState: number): number {
    if (this.#bit(models) === 0) return this.#tree(models + 2 + (positionState << 3), 3)
    if (this.#bit(models + 1) === 0) return 8 + this.#tree(models + 130 + (positionState << 3), 3)
    return 16 + this.#tree(models + 258, 8)
  }

  /** The distance of a match, less 1; -1 is the end marker. */
  #distance(length: number): number {
    const slot = this.#tree(slots + (Math.min(length, 3) << 6), 6)
    if (slot < 4) return slot
    const bits = (slot >>> 1) - 1
    const high = (2 | (slot & 1)) << bits
    if (slot < 14) return high + this.#reverseTree(distances + high - slot, bits)
    return (high + (this.#directBits(bits - 4) << 4) + this.#reverseTree(aligned, 4)) | 0
  }

  #tree(models: number, bits: number): number {
    let symbol = 1
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | this.#bit(models + symbol)
    return symbol - (1 << bits)
  }

  #reverseTree(models: number, bits: number): number {
    let node = 1
    let symbol = 0
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(models + node)
      node = (node << 1) | bit
      symbol |= bit << i
    }
    return symbol
  }

  /** Bits without a model, the highest first. */
  #directBits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) {
      this.#range >>>= 1
      const below = (this.#code ^ signBit) < (this.#range ^ signBit)
      if (!below) this.#code = (this.#code - this.#range) | 0
      value = (value << 1) | (below ? 0 : 1)
      this.#normalize()
    }
    return value
  }

  #bit(model: number): number {
    const chance = this.#models[model]!
    const bound = Math.imul(this.#range >>> 11, chance)
    if ((this.#code ^ signBit) < (bound ^ signBit)) {
      this.#range = bound
      this.#models[model] = chance + ((2048 - chance) >>> 5)
      this.#normalize()
      return 0
    }
    this.#range = (this.#range - bound) | 0
    this.#code = (this.#code - bound) | 0
    this.#models[model] = chance - (chance >>> 5)
    this.#normalize()
    return 1
  }

  // Reading past the end gives zeros here; `run` sees by the position that it happened.
  #normalize(): void {
    if (this.#range >>> 24 !== 0) return
    this.#range <<= 8
    this.#code = (this.#code << 8) | this.#bytes[this.#at++]!
  }

  #copy(distance: number, length: number): void {
    const back = distance >>> 0
    if (back >= this.#produced || back >= this.#window.length) throw this.#broken()
    for (let i = 0; i < length; i++) this.#put(this.#byteBack(back))
  }

  #byteBack(distance: number): number {
    const at = this.#position - distance - 1
    return this.#window[at < 0 ? at + this.#window.length : at]!
  }

  #put(byte: number): void {
    this.#window[this.#position++] = byte
    this.#produced++
    if (this.#position < this.#window.length) return
    this.#flush()
    this.#position = 0
    this.#flushed = 0
  }

  #flush(): void {
    if (this.#position > this.#flushed) this.#output.push(Buffer.from(this.#window.subarray(this.#flushed, this.#position)))
    this.#flushed = this.#position
  }

  // What comes from zeros after the end is nonsense too, but it is not the file's bytes that are wrong.
  #broken(): PackingError {
    return new PackingError('damaged', this.#at > this.#bytes.length ? endsInTheMiddle : 'the lzma data are broken')
  }
}
