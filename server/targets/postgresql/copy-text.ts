import { CellRefusal, valueInvalid } from '../cells/refusal.ts'
import type { Cell, Column, Table } from '../target.ts'
import { encoderOf } from './encode.ts'
import type { Encoder } from './encode.ts'

const pieceLength = 65_536
// COPY's text format: tab between columns, newline between rows, backslash before what means something.
const special = /[\\\t\n\r]/
const specials = /[\\\t\n\r]/g
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

export type CopyText = {
  pieces: Buffer[]
  /** Whether two rows have the same text in all key columns. */
  repeatsKey: boolean
}

/** Compiles how rows of these columns become text for COPY. `keyAt` are the positions of the key, none when repetition does not matter. */
export function compileCopyText(table: Table, columns: Column[], keyAt: number[]): (rows: Cell[][]) => CopyText {
  const encoders = columns.map(encoderOf)
  return (rows) => {
    const texts = Array<string>(encoders.length)
    const pieces = new Pieces()
    const keys = new KeysSeen(keyAt)
    let row = 0
    let column = 0
    try {
      for (; row < rows.length; row += 1) {
        const cells = rows[row] as Cell[]
        for (column = 0; column < encoders.length; column += 1) {
          const value = cells[column] as Cell
          texts[column] = value === null ? '\\N' : escaped((encoders[column] as Encoder)(value))
        }
        pieces.add(texts.join('\t'))
        keys.add(texts)
      }
    } catch (thrown) {
      if (!(thrown instanceof CellRefusal)) throw thrown
      const value = rows[row]?.[column] ?? null
      throw valueInvalid({ table: table.name, column: columns[column]?.name ?? '', value, row }, thrown.message, thrown)
    }
    return { pieces: pieces.all(), repeatsKey: keys.repeated }
  }
}

/** Lines gathered into pieces of a size that the socket takes well. */
class Pieces {
  readonly #done: Buffer[] = []
  #text = ''

  add(line: string): void {
    this.#text += line
    this.#text += '\n'
    if (this.#text.length < pieceLength) return
    this.#done.push(Buffer.from(this.#text))
    this.#text = ''
  }

  all(): Buffer[] {
    return this.#text === '' ? this.#done : [...this.#done, Buffer.from(this.#text)]
  }
}

/** Whether a key comes again. Keys of which a part is null are never the same. */
class KeysSeen {
  readonly #keyAt: number[]
  readonly #seen = new Set<string>()
  repeated = false

  constructor(keyAt: number[]) {
    this.#keyAt = keyAt
  }

  add(texts: string[]): void {
    if (this.repeated || this.#keyAt.length === 0) return
    const key = this.#keyAt.length === 1 ? (texts[this.#keyAt[0] ?? 0] ?? '') : this.#keyAt.map((at) => texts[at]).join('\t')
    if (key.includes('\\N')) return
    const before = this.#seen.size
    this.#seen.add(key)
    this.repeated = this.#seen.size === before
  }
}

function escaped(text: string): string {
  return special.test(text) ? text.replaceAll(specials, (character) => escapes[character] ?? '') : text
}
