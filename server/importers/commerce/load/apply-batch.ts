import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { Cell } from '../../../targets/target.ts'
import type { ListChange, RowChange } from '../model/change.ts'
import type { Item } from '../spool/item.ts'
import { heldBack, releaseHeld } from './pending.ts'
import { RowWriter, nothingWritten } from './row-writer.ts'
import type { Writing, Written } from './row-writer.ts'
import { keyText } from './states.ts'
import type { RowTarget } from './write-behind.ts'

export type Applied = {
  written: Written
  /** How many records are of an offer that is not known: their prices or stocks are kept until it comes. */
  pending: number
  /** Offers that are of no product which is known. */
  orphans: number
}

/** Writes what some records say, all or nothing. Throws what the target refuses. */
export async function applyBatch(tx: RowTarget, writing: Writing, type: CommerceType, items: Item[]): Promise<Applied> {
  const writer = new RowWriter(writing)
  const written = nothingWritten()
  const known = await knownOffers(tx, writing, items)
  const rows: RowChange[] = []
  const lists: ListChange[] = []
  const held: { item: Item; list: ListChange }[] = []
  for (const item of items) {
    const { change } = item
    rows.push(...change.rows)
    lists.push(...change.lists)
    if (!change.ofOffer) continue
    if (known.has(keyText(change.ofOffer.owner))) lists.push(change.ofOffer)
    else held.push({ item, list: change.ofOffer })
  }
  rows.push(...(await heldBack(tx, writing, held)))
  await writer.rows(tx, rows, written)
  await writer.lists(tx, lists, written)
  const offers = items.filter(({ kind }) => type === 'catalog' && kind === 'offer')
  if (offers.length > 0) {
    const released = await releaseHeld(tx, writing, written.newOffers)
    await writer.lists(tx, released.lists, written)
    await writer.rows(tx, released.rows, written)
  }
  return { written, pending: held.length, orphans: await countOrphans(tx, writing, offers) }
}

/** The offers, among those that prices or stocks speak of, that are there. */
async function knownOffers(tx: RowTarget, writing: Writing, items: Item[]): Promise<Set<string>> {
  const owners = items.flatMap(({ change }) => (change.ofOffer ? [change.ofOffer.owner] : []))
  return await present(tx, writing, 'offers', owners)
}

async function countOrphans(tx: RowTarget, writing: Writing, offers: Item[]): Promise<number> {
  if (offers.length === 0) return 0
  const owners = offers.flatMap(({ change }) => change.rows.filter(({ entity }) => entity === 'offers'))
  const ofProduct = ({ values }: RowChange): Cell[] => [values[0] ?? null]
  const products = await present(tx, writing, 'products', owners.map(ofProduct))
  const missing = owners.filter((offer) => !products.has(keyText(ofProduct(offer))))
  // A variant of 2.04 is a product of its own, under the whole Ид.
  const variants = await present(
    tx,
    writing,
    'products',
    missing.map(({ key }) => key),
  )
  return missing.filter(({ key }) => !variants.has(keyText(key))).length
}

/** Which of these rows are there. The target is asked for those alone of which it is not known. */
async function present(tx: RowTarget, writing: Writing, entity: 'offers' | 'products', keys: Cell[][]): Promise<Set<string>> {
  const { known, tables, source } = writing
  const there = new Set<string>()
  const asked = new Map<string, Cell[]>()
  for (const key of keys) {
    const text = keyText(key)
    if (there.has(text) || asked.has(text)) continue
    if (known.isThere(entity, key)) there.add(text)
    else if (!known.isNew(entity, key)) asked.set(text, key)
  }
  if (asked.size === 0) return there
  const found = await tx.find({
    table: tables[entity].table,
    by: ['source', 'id'],
    keys: [...asked.values()].map((key) => [source, ...key]),
    select: ['id'],
  })
  for (const [at, text] of [...asked.keys()].entries()) if (found[at]) there.add(text)
  return there
}
