import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import type { NaturalFinder } from '../natural/natural-finder.ts'
import { keyOf, shapeOf } from '../plan/draft.ts'
import type { Draft, Wait } from '../plan/draft.ts'

/** So many natural keys are looked for at once. */
const slice = 20_000

/** Looks for the rows that the natural keys of drafts stand for, and fills their cells; those that are not found stay empty. */
export async function fillWaits(tx: TargetTransaction, drafts: Draft[]): Promise<void> {
  let waits: Wait[] = []
  for (const draft of drafts) {
    if (draft.waits) waits.push(...draft.waits)
    if (waits.length < slice) continue
    await fill(tx, waits)
    waits = []
  }
  await fill(tx, waits)
}

async function fill(tx: TargetTransaction, waits: Wait[]): Promise<void> {
  const byFinder = new Map<NaturalFinder, Wait[]>()
  for (const wait of waits) {
    if (settle(wait)) continue
    const group = byFinder.get(wait.finder)
    if (group) group.push(wait)
    else byFinder.set(wait.finder, [wait])
  }
  for (const [finder, group] of byFinder) {
    await finder.search(
      tx,
      group.map((wait) => wait.list),
    )
    for (const wait of group) settle(wait)
  }
}

function settle({ finder, list, into, at }: Wait): boolean {
  const cells: (Cell | undefined)[] = into
  cells[at] = finder.known(list) ?? null
  return cells[at] !== null
}

/** Forgets what was found for the natural keys of drafts. */
export function emptyWaits(drafts: Draft[]): void {
  for (const { waits } of drafts) for (const { into, at } of waits ?? []) into[at] = null
}

/** Whether every natural key of a draft was found. */
export function isFilled({ waits }: Draft): boolean {
  if (waits === null) return true
  for (const { into, at } of waits) if (into[at] === null) return false
  return true
}

/** The natural keys of a draft that were not found. */
export function unfilled(draft: Draft): Wait[] {
  return (draft.waits ?? []).filter(({ into, at }) => into[at] === null)
}

/** Table and key of the row that a draft writes; null when the database gives the key. */
export function rowText(draft: Draft): string | null {
  const key = keyOf(draft)
  return key === null ? null : `${shapeOf(draft).table.name}\0${key}`
}
