import type { Cell } from '../../../targets/target.ts'
import type { ListChange, RowChange } from '../model/change.ts'
import type { RecordPlace } from '../read/record.ts'
import type { Writing } from './row-writer.ts'
import { keyText } from './states.ts'
import type { RowTarget } from './write-behind.ts'

type Held = { item: RecordPlace; list: ListChange }
type Items = ListChange['items']

const kinds = ['prices', 'stocks'] as const

/** Prices and stocks of offers that are not there, as rows of the pending table, together with what waits there for the same offers already. */
export async function heldBack(tx: RowTarget, writing: Writing, held: Held[]): Promise<RowChange[]> {
  if (held.length === 0) return []
  const waiting = await findPending(
    tx,
    writing,
    held.map(({ list }) => [list.entity, ...list.owner]),
  )
  const contents = new Map<string, Items>()
  return held.map(({ item, list }, at) => {
    const key = [list.entity, ...list.owner]
    const items = merged(contents.get(keyText(key)) ?? waiting[at] ?? [], list.items)
    contents.set(keyText(key), items)
    return { entity: 'pending', key, values: [JSON.stringify(items), item.file, item.line] }
  })
}

/** What waited for offers that have come: to be written now, and to wait no longer. */
export async function releaseHeld(tx: RowTarget, writing: Writing, offers: Cell[][]): Promise<{ lists: ListChange[]; rows: RowChange[] }> {
  const lists: ListChange[] = []
  const rows: RowChange[] = []
  if (offers.length === 0) return { lists, rows }
  const keys = kinds.flatMap((kind) => offers.map((offer) => [kind, ...offer]))
  for (const [at, items] of (await findPending(tx, writing, keys)).entries()) {
    const key = keys[at] ?? []
    if (!items) continue
    lists.push({ entity: key[0] as (typeof kinds)[number], owner: key.slice(1), mode: 'stated', items })
    rows.push({ entity: 'pending', key, values: [undefined, undefined, undefined], deleted: true })
  }
  return { lists, rows }
}

async function findPending(tx: RowTarget, { tables, source, known }: Writing, keys: Cell[][]): Promise<(Items | null)[]> {
  const { table } = tables.pending
  const all: (Items | null)[] = keys.map(() => null)
  const asked = [...keys.keys()].filter((at) => !known.isNew('pending', keys[at] ?? []))
  if (asked.length === 0) return all
  const lookup = {
    table,
    by: ['source', 'kind', 'offer_id'],
    keys: asked.map((at) => [source, ...(keys[at] ?? [])]),
    select: ['content', 'deleted_at'],
  }
  for (const [place, row] of (await tx.find(lookup)).entries()) {
    if (row && row[1] === null) all[asked[place] ?? 0] = JSON.parse(String(row[0])) as Items
  }
  return all
}

/** As `stated` lists go: what is stated again is replaced, and an empty list clears. */
function merged(waiting: Items, stated: Items): Items {
  const again = new Set(stated.map(({ key }) => String(key[0])))
  return stated.length === 0 ? [] : [...waiting.filter(({ key }) => !again.has(String(key[0]))), ...stated]
}
