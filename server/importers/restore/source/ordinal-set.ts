/** A set of record ordinals, kept as ranges: small while they lie together. Ordinals may be added in any order; it is fastest when they rise. */
export class OrdinalSet {
  #starts: number[] = []
  #ends: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  has(ordinal: number): boolean {
    const at = this.#rangeAt(ordinal)
    return at >= 0 && ordinal < (this.#ends[at] as number)
  }

  add(ordinal: number): void {
    const at = this.#rangeAt(ordinal)
    if (at >= 0 && ordinal < (this.#ends[at] as number)) return
    this.#size += 1
    const joinsLeft = at >= 0 && this.#ends[at] === ordinal
    const joinsRight = this.#starts[at + 1] === ordinal + 1
    if (joinsLeft && joinsRight) {
      this.#ends[at] = this.#ends[at + 1] as number
      this.#starts.splice(at + 1, 1)
      this.#ends.splice(at + 1, 1)
    } else if (joinsLeft) this.#ends[at] = ordinal + 1
    else if (joinsRight) this.#starts[at + 1] = ordinal
    else {
      this.#starts.splice(at + 1, 0, ordinal)
      this.#ends.splice(at + 1, 0, ordinal + 1)
    }
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [at, start] of this.#starts.entries()) for (let one = start; one < (this.#ends[at] as number); one += 1) yield one
  }

  /** The ranges as text: for each the gap before it and its length, in base 36. */
  toText(): string {
    let end = 0
    const ranges = this.#starts.map((start, at) => {
      const range = `${(start - end).toString(36)}+${((this.#ends[at] as number) - start).toString(36)}`
      end = this.#ends[at] as number
      return range
    })
    return ranges.join(' ')
  }

  static fromText(text: string): OrdinalSet {
    const set = new OrdinalSet()
    let end = 0
    for (const range of text === '' ? [] : text.split(' ')) {
      const [gap = '0', length = '0'] = range.split('+')
      const start = end + Number.parseInt(gap, 36)
      end = start + Number.parseInt(length, 36)
      set.#starts.push(start)
      set.#ends.push(end)
      set.#size += end - start
    }
    return set
  }

  /** The last range that begins at the ordinal or before it; -1 when there is none. */
  #rangeAt(ordinal: number): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] as number) <= ordinal) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
