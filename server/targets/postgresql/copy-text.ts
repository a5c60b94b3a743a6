import { CellRefusal, valueInvalid } from '../cells/refusal.ts'
import type { Cell, Column, Table, WriteBatch } from '../target.ts'
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

export type RowsToText = (batch: Pick<WriteBatch, 'rows' | 'same'>) => CopyText

/**
 * Compiles how rows become text for COPY: columns of the rows, and then those that are the same in all of them. `keyAt` are the positions of the key among the
 * columns of the rows, none when repetition does not matter.
 */
export function compileCopyText(table: Table, columns: Column[], keyAt: number[]): RowsToText {
  const encoders = columns.map(encoderOf)
  return ({ rows, same }) => {
    const sameCells = same?.values ?? []
    const width = encoders.length - sameCells.length
    const texts = Array<string>(width)
    const pieces = new Pieces()
    const keys = new KeysSeen(keyAt)
    let row = 0
    let column = width
    const encoded = (value: Cell): string => (value === null ? '\\N' : escaped((encoders[column] as Encoder)(value)))
    try {
      let end = ''
      for (const value of sameCells) {
        end += `\t${encoded(value)}`
        column += 1
      }
      for (; row < rows.length; row += 1) {
        const cells = rows[row] as Cell[]
        for (column = 0; column < width; column += 1) texts[column] = encoded(cells[column] as Cell)
        pieces.add(texts.join('\t') + end)
        keys.add(texts)
      }
    } catch (thrown) {
      if (!(thrown instanceof CellRefusal)) throw thrown
      const value = (column < width ? rows[row]?.[column] : sameCells[column - width]) ?? null
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
