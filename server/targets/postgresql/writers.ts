import type { Table } from '../target.ts'
import type { Session } from './session.ts'
import { prepareWriter } from './write.ts'
import type { BatchShape, Writer } from './write.ts'

/** The writers of one transaction, each with its staging table, made when first needed. */
export class Writers {
  readonly #session: Session
  readonly #made: { table: Table; shape: string; writer: Writer }[] = []
  #number = 0

  constructor(session: Session) {
    this.#session = session
  }

  get count(): number {
    return this.#made.length
  }

  async get(batch: BatchShape): Promise<Writer> {
    const { table, columns, key, same, absent } = batch
    const shape = JSON.stringify([columns, key, same?.columns, absent])
    const made = this.#made.find((one) => one.table === table && one.shape === shape)
    if (made) return made.writer
    this.#number += 1
    const writer = await prepareWriter(this.#session, batch, this.#number)
    this.#made.push({ table, shape, writer })
    return writer
  }

  /** A savepoint was undone, and with it the staging tables made since there were `count` writers. */
  undone(count: number): void {
    this.#made.length = Math.min(this.#made.length, count)
  }
}
