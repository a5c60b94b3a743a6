import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { commerceTypes } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext } from '../../../jobs/importer.ts'
import type { NamedPictures } from '../pictures/named-pictures.ts'
import type { Document } from '../read/documents.ts'
import { notTaken, notXml } from '../read/documents.ts'
import type { RunProgress } from '../report/run-progress.ts'
import { readApart } from '../spool/read-apart.ts'
import { readSpoken } from '../spool/read-spoken.ts'
import type { Listening, Spoken } from '../spool/read-spoken.ts'
import type { Spool } from '../spool/spool.ts'
import type { Guard } from './guard.ts'

export type SurveyOptions = Listening & {
  context: JobContext
  progress: RunProgress
  /** Keeps what the records say. */
  spool: Spool
  /** What looks at it on the way. */
  guard: Guard | null
  pictures: NamedPictures
}

/** A document, with how many records each type has in it. */
export type SurveyedDocument = { document: Document; counts: Record<CommerceType, number>; goodsFirst: boolean }

/** Smaller documents are read sooner than a thread is there. */
const leastApart = 4 * 2 ** 20

/** Reads documents to their end, several at a time, and says how far it is with all of them. */
export class Surveyor {
  readonly #options: SurveyOptions
  readonly #signal: AbortSignal
  readonly #size: number
  #read = 0
  #records = 0
  /** Orders in the documents: passed over. */
  orders = 0

  constructor(documents: Document[], options: SurveyOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#size = documents.reduce((sum, { size }) => sum + size, 0)
  }

  /** Null for a file within a zip that is no XML. */
  async survey(document: Document): Promise<SurveyedDocument | null> {
    const { types, only } = this.#options
    const read = document.size < leastApart ? readSpoken : readApart
    const all = await read(document, this.#signal, { types, only })
    if ('head' in all) {
      // Within a zip other files are passed over; one that was sent for itself was meant to be taken.
      if (!document.inZip) throw notTaken(document.name, notXml(all.head) ?? 'no XML')
      return null
    }
    const counts = noRecords()
    let last = { read: 0, records: 0, orders: 0, goodsFirst: true }
    for await (const spoken of all) {
      await this.#keep(document, spoken, counts)
      this.#count(document, last, spoken)
      last = spoken
    }
    return { document, counts, goodsFirst: last.goodsFirst }
  }

  async #keep(document: Document, { pieces, pictures: named }: Spoken, counts: Record<CommerceType, number>): Promise<void> {
    const { guard, pictures, spool } = this.#options
    for (const path of named) pictures.note(path)
    for (const piece of pieces) {
      await guard?.watch(piece)
      await spool.add(document.name, piece)
      counts[piece.type] += piece.records
    }
  }

  #count({ name }: Document, before: Pick<Spoken, 'read' | 'records' | 'orders'>, { read, records, orders }: Spoken): void {
    this.#read += read - before.read
    this.#records += records - before.records
    this.orders += orders - before.orders
    this.#options.progress.checking(this.#size === 0 ? 1 : Math.min(1, this.#read / this.#size), this.#records, name)
  }
}

export function noRecords(): Record<CommerceType, number> {
  return Object.fromEntries(commerceTypes.map((type) => [type, 0])) as Record<CommerceType, number>
}
