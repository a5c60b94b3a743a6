import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import type { ListChange, RowChange } from '../model/change.ts'
import type { CommerceRecord } from '../read/record.ts'
import { heldBack, releaseHeld } from './pending.ts'
import { RowWriter, nothingWritten } from './row-writer.ts'
import type { Writing, Written } from './row-writer.ts'
import { keyText } from './states.ts'
import type { StepChange } from './steps.ts'

/** A record and what it says to the step. */
export type Item = { record: CommerceRecord; change: StepChange }

export type Applied = {
  written: Written
  /** Records whose offer is not known: their prices or stocks are kept until it comes. */
  pending: CommerceRecord[]
  /** Offers that are of no product which is known. */
  orphans: number
}

/** Writes what some records say, all or nothing. Throws what the target refuses. */
export async function applyBatch(tx: TargetTransaction, writing: Writing, type: CommerceType, items: Item[]): Promise<Applied> {
  const writer = new RowWriter(writing)
  const written = nothingWritten()
  const known = await knownOffers(tx, writing, items)
  const rows: RowChange[] = []
  const lists: ListChange[] = []
  const held: { record: CommerceRecord; list: ListChange }[] = []
  for (const { record, change } of items) {
    rows.push(...change.rows)
    lists.push(...change.lists)
    if (!change.ofOffer) continue
    if (known.has(keyText(change.ofOffer.owner))) lists.push(change.ofOffer)
    else held.push({ record, list: change.ofOffer })
  }
  rows.push(...(await heldBack(tx, writing, held)))
  await writer.rows(tx, rows, written)
  await writer.lists(tx, lists, written)
  const offers = items.filter(({ record }) => type === 'catalog' && record.kind === 'offer')
  if (offers.length > 0) {
    const released = await releaseHeld(tx, writing, written.newOffers)
    await writer.lists(tx, released.lists, written)
    await writer.rows(tx, released.rows, written)
  }
  return { written, pending: held.map(({ record }) => record), orphans: await countOrphans(tx, writing, offers) }
}

/** The offers, among those that prices or stocks speak of, that are there. */
async function knownOffers(tx: TargetTransaction, writing: Writing, items: Item[]): Promise<Set<string>> {
  const ids = new Map<string, Cell[]>()
  for (const { change } of items) if (change.ofOffer) ids.set(keyText(change.ofOffer.owner), change.ofOffer.owner)
  if (ids.size === 0) return new Set()
  const found = await findBySource(tx, writing, 'offers', [...ids.values()])
  return new Set([...ids.keys()].filter((_, at) => found[at]))
}

async function countOrphans(tx: TargetTransaction, writing: Writing, offers: Item[]): Promise<number> {
  if (offers.length === 0) return 0
  const owners = offers.flatMap(({ change }) => change.rows.filter(({ entity }) => entity === 'offers'))
  // A variant of 2.04 is a product of its own, under the whole Ид.
  const byProduct = await findBySource(
    tx,
    writing,
    'products',
    owners.map(({ values }) => [values[0] ?? null]),
  )
  const missing = owners.filter((_, at) => !byProduct[at])
  const byOffer = await findBySource(
    tx,
    writing,
    'products',
    missing.map(({ key }) => key),
  )
  return byOffer.filter((found) => !found).length
}

async function findBySource(tx: TargetTransaction, writing: Writing, entity: 'offers' | 'products', keys: Cell[][]): Promise<(Cell[] | null)[]> {
  if (keys.length === 0) return []
  const { table } = writing.tables[entity]
  return await tx.find({ table, by: ['source', 'id'], keys: keys.map((key) => [writing.source, ...key]), select: ['id'] })
}
