import { columnsOf, pickColumns, spelledOut } from '../columns.ts'
import type { Cell, Table, WriteBatch } from '../target.ts'
import type { Connection } from './connection.ts'
import type { SqliteValue } from './encode.ts'
import { encoderOf } from './encode.ts'
import type { ForeignKeyWatch, WatchedKey } from './foreign-keys.ts'
import { findRows } from './read.ts'
import { ReferencedValues } from './referenced-values.ts'
import { compileWriter, needsWholeRows } from './write.ts'
import type { BatchShape, Writer } from './write.ts'

/** A compiled batch shape with the foreign keys that its rows can leave leading nowhere. */
type Prepared = {
  write: Writer
  /** Of the table itself, with all their columns among those written. */
  references: ReferencedValues[]
  /** Of the table itself, with some of their columns among those written: the others are read. */
  partly: WatchedKey[]
  /** Of other tables, that lead to a column which a row that is there gets a new value in. */
  incoming: WatchedKey[]
}

/** Writes batches and notes what they refer to. What was compiled serves until the tables change, over transactions. */
export class Writers {
  readonly #connection: Connection
  readonly #watch: ForeignKeyWatch
  #prepared = new WeakMap<Table, Map<string, Prepared>>()

  constructor(connection: Connection, watch: ForeignKeyWatch) {
    this.#connection = connection
    this.#watch = watch
  }

  /** The tables are others than before. */
  forget(): void {
    this.#prepared = new WeakMap()
  }

  write(given: WriteBatch): void {
    const batch = given.same && (needsWholeRows(given) || this.#isWatched(given)) ? spelledOut(given) : given
    const { write, references, partly, incoming } = this.#get(batch)
    const left = incoming.map((watched) => ({ watched, values: this.#stored(batch, watched.key.references) }))
    write(batch)
    for (const reference of references) this.#watch.note(reference.watched, reference.take())
    for (const watched of partly) this.#watch.note(watched, this.#stored(batch, watched.key.columns))
    for (const { watched, values } of left) {
      watched.proven.clear()
      this.#watch.note(watched, values)
    }
  }

  #isWatched(batch: BatchShape): boolean {
    return this.#watch.keysOf(batch.table.name).length > 0 || this.#watch.keysTo(batch.table.name, columnsOf(batch)).length > 0
  }

  #get(batch: BatchShape): Prepared {
    const shape = JSON.stringify([batch.columns, batch.key, batch.same?.columns, batch.absent])
    const shapes = this.#prepared.get(batch.table) ?? new Map<string, Prepared>()
    this.#prepared.set(batch.table, shapes)
    const prepared = shapes.get(shape) ?? this.#prepare(batch)
    shapes.set(shape, prepared)
    return prepared
  }

  #prepare(batch: BatchShape): Prepared {
    const { table, columns, key } = batch
    const own = this.#watch.keysOf(table.name)
    const whole = own.filter((watched) => watched.key.columns.every((name) => columns.includes(name)))
    const references = whole.map((watched) => new ReferencedValues(watched, columns))
    const partly = own.filter((watched) => key && !whole.includes(watched) && watched.key.columns.some((name) => columns.includes(name)))
    const changed = key ? columns.filter((name) => !key.includes(name)) : []
    return { write: compileWriter(this.#connection, batch, references), references, partly, incoming: this.#watch.keysTo(table.name, changed) }
  }

  /** What the rows with the keys of a batch hold in these columns, as it is stored, without those of which a part is null. */
  #stored({ table, columns, key = [], rows }: WriteBatch, select: string[]): SqliteValue[][] {
    const at = key.map((name) => columns.indexOf(name))
    const keys = rows.map((row) => at.map((place) => row[place] ?? null))
    const encoders = pickColumns(table, select).map(encoderOf)
    const found = findRows(this.#connection, { table, by: key, keys, select })
    const whole = found.filter((row): row is Exclude<Cell, null>[] => row !== null && !row.includes(null))
    return whole.map((row) => row.map((cell, column) => encoders[column]?.(cell) ?? null))
  }
}
