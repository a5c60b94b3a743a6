const quote = 0x22
const backslash = 0x5c
const newline = 0x0a
const zero = 0x30
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a

/** Brackets deeper than this are counted but not matched. */
export const maxDepth = 64

/**
 * Finds the end of one JSON value by its brackets and strings alone, over chunks, and notes on the way what decides how it must be parsed. Every note errs on
 * the side of caution. It does not judge the text: that is for JSON.parse. This loop sees every byte of every restore.
 */
export class ValueScan {
  depth = 0
  deepest = 0
  /** Newlines passed since `start`. */
  lines = 0
  /** Colons at depth 1 and 2: the keys of a record and of its `fields`. */
  keys = 0
  /** A number may not survive a double, or not its trailing zeros. */
  exact = false
  /** A string has a \u escape. */
  escapes = false
  /** NaN or Infinity may stand there. */
  notFinite = false
  /** Index, in the bytes last fed, of a closing bracket that does not fit the opening one; -1 otherwise. */
  mismatch = -1
  #inString = false
  #escaped = false
  /** The value is neither bracketed nor a string, and has begun. */
  #inWord = false
  #digits = 0
  #fraction = false
  readonly #open = new Uint8Array(maxDepth)

  start(): void {
    this.depth = 0
    this.deepest = 0
    this.lines = 0
    this.keys = 0
    this.exact = false
    this.escapes = false
    this.notFinite = false
    this.mismatch = -1
    this.#inString = false
    this.#escaped = false
    this.#inWord = false
    this.#digits = 0
    this.#fraction = false
  }

  get insideString(): boolean {
    return this.#inString
  }

  /** Goes on from `from` and looks no further than `end`. The index after the value's last byte, or -1 when the bytes end before it does. */
  feed(bytes: Buffer, from: number, end = bytes.length): number {
    let i = from
    while (i < end) {
      if (this.#inString) {
        i = this.#passString(bytes, i, end)
        if (this.#inString || this.depth > 0) continue
        return i
      }
      if (this.depth > 0 || isOpening(bytes[i]!)) i = this.#passStructure(bytes, i, end)
      else if (bytes[i] === quote && !this.#inWord) {
        this.#inString = true
        i++
      } else i = this.#passWord(bytes, i, end)
      if (i < 0) return ~i
    }
    return -1
  }

  /** A value that is a number or a word ends before the blank or the mark that delimits it. */
  #passWord(bytes: Buffer, from: number, end: number): number {
    this.#inWord = true
    let i = from
    while (i < end && !endsWord(bytes[i]!)) i++
    return i < end ? ~i : i
  }

  /** From within a string to after its closing quote, or to the end of the bytes. */
  #passString(bytes: Buffer, from: number, end: number): number {
    let i = from
    if (this.#escaped && i < end) {
      if (bytes[i] === 0x75) this.escapes = true
      this.#escaped = false
      i++
    }
    while (i < end) {
      const byte = bytes[i++]!
      if (byte === quote) {
        this.#inString = false
        return i
      }
      if (byte === newline) this.lines++
      else if (byte === backslash) {
        if (i === end) {
          this.#escaped = true
          return i
        }
        if (bytes[i++] === 0x75) this.escapes = true
      }
    }
    return i
  }

  /** From within brackets to after the next opening quote, or to the end of the bytes; the complement of the index when the value ended. */
  #passStructure(bytes: Buffer, from: number, end: number): number {
    let depth = this.depth
    let digits = this.#digits
    let fraction = this.#fraction
    let i = from
    let result = end
    scan: for (; i < end; i++) {
      const byte = bytes[i]!
      switch (byte) {
        case quote:
          this.#inString = true
          result = i + 1
          break scan
        case openBrace:
        case openBracket:
          if (depth < maxDepth) this.#open[depth] = byte
          if (++depth > this.deepest) this.deepest = depth
          digits = 0
          fraction = false
          break
        case closeBrace:
        case closeBracket:
          // In ASCII each closing bracket is its opening one plus 2.
          if (--depth < maxDepth && this.#open[depth] !== byte - 2) this.mismatch = i
          if (depth > 0 && this.mismatch < 0) break
          result = ~(this.mismatch < 0 ? i + 1 : i)
          break scan
        case colon:
          if (depth <= 2) this.keys++
          digits = 0
          fraction = false
          break
        case comma:
          digits = 0
          fraction = false
          break
        case newline:
          this.lines++
          break
        case 0x2e: // .
          fraction = true
          break
        case 0x45: // E
        case 0x65: // e
          if (digits > 0) this.exact = true
          break
        case 0x49: // I
        case 0x4e: // N
          this.notFinite = true
          break
        default:
          if (byte >= zero && byte <= 0x39 && (++digits > 15 || (fraction && byte === zero))) this.exact ||= digits > 15 || !isDigit(bytes[i + 1])
      }
    }
    this.depth = depth
    this.#digits = digits
    this.#fraction = fraction
    return result
  }
}

function isOpening(byte: number): boolean {
  return byte === openBrace || byte === openBracket
}

function endsWord(byte: number): boolean {
  return byte <= 0x20 || byte === comma || byte === closeBracket || byte === closeBrace
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39
}
