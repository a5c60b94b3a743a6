import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { keeps } from '../load/steps.ts'
import { picturesOf } from '../pictures/named-pictures.ts'
import type { Document } from '../read/documents.ts'
import { openRecords } from '../read/read-records.ts'
import type { RecordPiece } from '../read/read-records.ts'
import type { Keep } from '../read/record-builder.ts'
import type { Item } from './item.ts'
import { Packer } from './pack.ts'
import { itemsOf } from './say.ts'
import type { Piece } from './spool.ts'

/** Records of one step that are packed together, and values of them: few, so that what is new in memory is gone soon. */
const pieceRecords = 250
const pieceCells = 50_000

/** Where nothing is full yet, it is told how far it is after so many bytes. */
const toldBytes = 2 ** 20

/** What is listened for: what all records say to these steps, or those of a retry. */
export type Listening = { types: CommerceType[]; only: { file: string; record: number }[] | null }

/** Some of what a document says, and what is known of it by then. */
export type Spoken = {
  pieces: Piece[]
  /** Bytes that were read, records that were looked at, and orders, which are passed over. */
  read: number
  records: number
  orders: number
  /** It brings goods, or what they refer to, and not offers alone. */
  goodsFirst: boolean
  /** Pictures that goods name, where a catalog is listened for. */
  pictures: string[]
}

/**
 * Reads a document to its end and to the letter, and tells what its records say to the steps. `head`: its first bytes, which are no XML text. Throws what reading
 * throws.
 */
export async function readSpoken(document: Document, signal: AbortSignal, listening: Listening): Promise<AsyncGenerator<Spoken> | { head: Buffer }> {
  const keep: Keep = (kind, child) => kind === 'group' || kind === 'property' || listening.types.some((type) => keeps(type, kind, child))
  const pieces = await openRecords(document, signal, { way: 'strict', keep })
  return 'head' in pieces ? pieces : spoken(document.name, pieces, listening)
}

async function* spoken(file: string, pieces: AsyncGenerator<RecordPiece>, { types, only }: Listening): AsyncGenerator<Spoken> {
  const packing = new Packing(file)
  const wanted = only && new Set(only.flatMap((one) => (one.file === file ? [one.record] : [])))
  const kinds = new Set<string>()
  const known = { read: 0, records: 0, orders: 0, goodsFirst: true }
  const pictures: string[] = []
  let told = 0
  for await (const { records, read, orders } of pieces) {
    for (const record of records) {
      kinds.add(record.kind)
      if (wanted?.has(record.record) === false) continue
      known.records += 1
      if (types.includes('catalog')) pictures.push(...picturesOf(record))
      for (const { type, item } of itemsOf(record, types)) packing.add(type, item)
    }
    Object.assign(known, { read, orders, goodsFirst: !kinds.has('offer') || kinds.has('product') })
    if (!packing.hasFull && read - told < toldBytes) continue
    told = read
    yield { ...known, pictures: pictures.splice(0), pieces: packing.take() }
  }
  yield { ...known, pictures, pieces: packing.rest() }
}

/** Pieces on their way, one for each step. Where they are cut does not depend on how the file was read. */
class Packing {
  readonly #file: string
  readonly #open = new Map<CommerceType, Packer>()
  #done: Piece[] = []

  constructor(file: string) {
    this.#file = file
  }

  add(type: CommerceType, item: Item): void {
    const packer = this.#open.get(type) ?? new Packer(this.#file)
    this.#open.set(type, packer)
    packer.add(item)
    if (packer.items >= pieceRecords || packer.cells >= pieceCells) this.#close(type, packer)
  }

  get hasFull(): boolean {
    return this.#done.length > 0
  }

  /** Those that are full. */
  take(): Piece[] {
    const done = this.#done
    this.#done = []
    return done
  }

  rest(): Piece[] {
    for (const [type, packer] of this.#open) this.#close(type, packer)
    return this.take()
  }

  #close(type: CommerceType, packer: Packer): void {
    this.#open.delete(type)
    this.#done.push({ type, records: packer.items, bytes: packer.take() })
  }
}
