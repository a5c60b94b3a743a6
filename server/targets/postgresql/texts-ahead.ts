import { columnsOf, pickColumns } from '../columns.ts'
import type { Cell, Table, WriteBatch } from '../target.ts'
import { compileCopyText, wholeText } from './copy-text.ts'
import type { CopyText, RowsToText } from './copy-text.ts'

type Rows = Pick<WriteBatch, 'rows' | 'same'>
type Made = { done: CopyText } | { thrown: unknown }

/**
 * The text of rows that will be inserted, made while the database is at work on those before them: a piece, then whatever there is to do for the connection,
 * then the next piece. Else the two would take turns.
 */
export class TextsAhead {
  readonly #compiled = new WeakMap<Table, Map<string, RowsToText>>()
  readonly #texts = new WeakMap<Cell[][], TextAhead>()
  readonly #waiting: TextAhead[] = []

  /** Throws what is wrong with the columns. */
  compiled(table: Table, names: string[]): RowsToText {
    const ofTable = this.#compiled.get(table) ?? new Map<string, RowsToText>()
    this.#compiled.set(table, ofTable)
    const shape = JSON.stringify(names)
    const toText = ofTable.get(shape) ?? compileCopyText(table, pickColumns(table, names), [])
    ofTable.set(shape, toText)
    return toText
  }

  bring(batches: WriteBatch[]): void {
    const isIdle = this.#waiting.length === 0
    for (const batch of batches) {
      const text = this.#begun(batch)
      if (!text) continue
      this.#texts.set(batch.rows, text)
      this.#waiting.push(text)
    }
    if (isIdle) this.#goOn()
  }

  /** The text of rows, of which all, some or nothing was made before. Throws `value_invalid`. */
  textOf(batch: Rows, toText: RowsToText): CopyText {
    const ahead = this.#texts.get(batch.rows)
    this.#texts.delete(batch.rows)
    return ahead?.isOf(batch, toText) ? ahead.whole() : wholeText(toText(batch))
  }

  #begun(batch: WriteBatch): TextAhead | null {
    // Others go by way of a staging table.
    if (batch.key && !batch.absent) return null
    try {
      return new TextAhead(this.compiled(batch.table, columnsOf(batch)), batch)
    } catch {
      // Whoever writes it is told what is wrong with its columns.
      return null
    }
  }

  #goOn(): void {
    while (this.#waiting[0]?.isMade) this.#waiting.shift()
    const [text] = this.#waiting
    if (!text) return
    setImmediate(() => {
      text.goOn()
      this.#goOn()
    })
  }
}

class TextAhead {
  readonly #toText: RowsToText
  readonly #same: WriteBatch['same']
  readonly #text: Generator<void, CopyText>
  #made: Made | null = null

  constructor(toText: RowsToText, batch: Rows) {
    this.#toText = toText
    this.#same = batch.same
    this.#text = toText(batch)
  }

  get isMade(): boolean {
    return this.#made !== null
  }

  isOf({ same }: Rows, toText: RowsToText): boolean {
    return this.#toText === toText && this.#same === same
  }

  /** Makes the next piece. What is wrong with a row is told to who asks for the whole. */
  goOn(): void {
    if (this.#made) return
    try {
      const made = this.#text.next()
      if (made.done) this.#made = { done: made.value }
    } catch (thrown) {
      this.#made = { thrown }
    }
  }

  whole(): CopyText {
    while (!this.#made) this.goOn()
    if ('thrown' in this.#made) throw this.#made.thrown
    return this.#made.done
  }
}
