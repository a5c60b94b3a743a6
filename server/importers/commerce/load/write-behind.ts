import type { Cell, Lookup, TargetTransaction, WriteBatch } from '../../../targets/target.ts'

/** What writing rows needs of a transaction. */
export type RowTarget = Pick<TargetTransaction, 'write' | 'find' | 'findAll'>

/**
 * Takes what is to be written before there is a transaction to write it, so that a batch is made ready while the one before it is on its way. Whoever asks for
 * what is there waits until `goOn` is called; what nobody asks for anything can be written as a whole.
 */
export class WriteBehind implements RowTarget {
  /** What was taken before anybody asked. */
  readonly taken: WriteBatch[]
  readonly #asked = Promise.withResolvers<void>()
  readonly #tx = Promise.withResolvers<RowTarget>()
  #goesOn: RowTarget | null = null

  constructor(taken: WriteBatch[] = []) {
    this.taken = taken
  }

  /** Ends when somebody asks, which is never when all is known beforehand. */
  get asked(): Promise<void> {
    return this.#asked.promise
  }

  /** Writes what was taken, and then goes on with the transaction itself. Throws what the target refuses. */
  async goOn(tx: RowTarget): Promise<void> {
    for (const batch of this.taken) await tx.write(batch)
    this.#goesOn = tx
    this.#tx.resolve(tx)
  }

  async write(batch: WriteBatch): Promise<void> {
    if (this.#goesOn) return await this.#goesOn.write(batch)
    this.taken.push(batch)
  }

  async find(lookup: Lookup): Promise<(Cell[] | null)[]> {
    return await (await this.#ask()).find(lookup)
  }

  async findAll(lookup: Lookup): Promise<Cell[][][]> {
    return await (await this.#ask()).findAll(lookup)
  }

  async #ask(): Promise<RowTarget> {
    this.#asked.resolve()
    return await this.#tx.promise
  }
}
