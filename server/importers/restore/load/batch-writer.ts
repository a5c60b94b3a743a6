import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import type { Naturals } from '../natural/naturals.ts'
import { keyOf, shapeOf } from '../plan/draft.ts'
import type { Draft, DraftLinks, RowShape } from '../plan/draft.ts'
import type { LinkPlace } from '../schema/find-links.ts'
import { inSetOrder } from './set-order.ts'
import { writeGroup } from './write-group.ts'

/** What waits to be written to one table: groups of one shape each, in the order in which they came. */
type TablePending = {
  groups: Map<RowShape, Draft[]>
  /** Which group has a row of which key; kept from the second group on. */
  holders: Map<string, RowShape> | null
}

/**
 * Writes drafts whose cells are all filled, in as few batches as their shapes allow, and their links after them. Where two drafts mean the same row, the
 * later one has the last word.
 */
export async function writeDrafts(tx: TargetTransaction, drafts: Draft[], naturals: Naturals): Promise<void> {
  const pending = new Map<string, TablePending>()
  for (const draft of drafts) {
    const shape = shapeOf(draft)
    const table = pendingOf(pending, shape.table.name)
    if (!canJoin(table, draft, shape)) await flush(tx, table, naturals)
    join(table, draft, shape)
  }
  for (const table of pending.values()) await flush(tx, table, naturals)
}

function pendingOf(pending: Map<string, TablePending>, name: string): TablePending {
  const known = pending.get(name)
  if (known) return known
  const table = { groups: new Map<RowShape, Draft[]>(), holders: null }
  pending.set(name, table)
  return table
}

/** Whether it makes no difference that groups are written one after the other instead of in the order of the file. */
function canJoin(table: TablePending, draft: Draft, shape: RowShape): boolean {
  const [first] = table.groups.keys()
  if (!first || (table.groups.size === 1 && first === shape)) return true
  if (!bothNamed(first, shape)) return false
  const key = keyOf(draft)
  const holder = key === null ? undefined : holdersOf(table).get(key)
  return holder === undefined || holder === shape
}

/** Whether both are found by the primary key. Rows that the database numbers keep the order of the file. */
function bothNamed(a: RowShape, b: RowShape): boolean {
  const { primaryKey } = a.table
  return a.key === primaryKey && b.key === primaryKey
}

function holdersOf(table: TablePending): Map<string, RowShape> {
  if (table.holders) return table.holders
  const holders = new Map<string, RowShape>()
  for (const [shape, drafts] of table.groups) {
    for (const draft of drafts) {
      const key = keyOf(draft)
      if (key !== null) holders.set(key, shape)
    }
  }
  table.holders = holders
  return holders
}

function join(table: TablePending, draft: Draft, shape: RowShape): void {
  const group = table.groups.get(shape)
  if (group) group.push(draft)
  else table.groups.set(shape, [draft])
  if (!table.holders) return
  const key = keyOf(draft)
  if (key !== null) table.holders.set(key, shape)
}

async function flush(tx: TargetTransaction, table: TablePending, naturals: Naturals): Promise<void> {
  const links = new Map<LinkPlace, { owner: Cell; others: Cell[] }[]>()
  for (const [shape, drafts] of table.groups) {
    const ownerOf = await writeGroup(tx, shape, drafts)
    naturals.written(shape.table)
    for (const draft of drafts) if (draft.links !== null) collectLinks(draft.links, ownerOf(draft), links)
  }
  for (const [place, batch] of links) await tx.link({ table: place.table, owner: place.owner, other: place.other.name, links: batch })
  table.groups.clear()
  table.holders = null
}

function collectLinks(found: DraftLinks[], owner: Cell, links: Map<LinkPlace, { owner: Cell; others: Cell[] }[]>): void {
  if (owner === null) return
  for (const { place, others } of found) {
    const batch = links.get(place)
    const link = { owner, others: inSetOrder(others.filter((other) => other !== null)) }
    if (batch) batch.push(link)
    else links.set(place, [link])
  }
}
