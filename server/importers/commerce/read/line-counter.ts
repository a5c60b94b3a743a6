/** Counts the lines of a text that comes in pieces, up to where it is asked. */
export class LineCounter {
  line = 1
  #at = 0
  #hasReturns = false

  /** A piece that begins where was last counted to. */
  begin(hasReturns: boolean): void {
    this.#at = 0
    this.#hasReturns = hasReturns
  }

  countTo(text: string, end: number): void {
    for (let at = text.indexOf('\n', this.#at); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) this.line += 1
    if (this.#hasReturns) this.line += loneReturns(text, this.#at, end)
    this.#at = end
  }
}

/** XML 1.0, 2.11: a carriage return alone ends a line too. What is looked at ends at a tag, never between the two of a pair. */
function loneReturns(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\r', from); at >= 0 && at < to; at = text.indexOf('\r', at + 1)) if (text[at + 1] !== '\n') count += 1
  return count
}
