import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import { AppError } from '../../../errors.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import type { CommerceRun } from '../commerce-run.ts'
import { located, rejectedRecord } from '../report/rejected.ts'
import type { Tally } from '../report/tally.ts'
import type { Item, Refusal } from '../spool/item.ts'
import { applyBatch } from './apply-batch.ts'
import type { ReadAgain } from './read-again.ts'
import type { Writing } from './row-writer.ts'

/** Lines of the log that speak of single records; the list of rejected records has all of them. */
const mostLines = 20

/** Refusals of the target that are about a row. */
const rowCodes: readonly ErrorCode[] = ['value_invalid', 'not_null_violation', 'unique_violation', 'target_refused']

/** What a step of a run works with. */
export type Loading = { run: CommerceRun; tx: TargetTransaction; writing: Writing; type: CommerceType; tally: Tally; again: ReadAgain }

/** Writes what a batch says; what is bad goes to the rejected list and takes nothing else with it. */
export async function loadBatch(loading: Loading, batch: Item[]): Promise<void> {
  const items: Item[] = []
  for (const item of batch) {
    if (item.refusal) await refuse(loading, item, item.refusal)
    else items.push(item)
  }
  await noteAll(loading.run, items)
  await applyAll(loading, items)
}

/** Where the target refuses a batch, the bad rows are found by halves. */
async function applyAll(loading: Loading, items: Item[]): Promise<void> {
  if (items.length === 0) return
  const { tx, writing, type, tally, again } = loading
  try {
    const applied = await tx.savepoint(async () => await applyBatch(tx, writing, type, items))
    for (const { entity, key } of applied.written.there) writing.known.noteThere(entity, key)
    tally.entities.add(applied.written.counts)
    tally.addLive(applied.written.live)
    tally.orphans += applied.orphans
    tally.mentioned += applied.written.mentioned
    tally.pending += applied.pending
    tally.skipped += applied.pending
    tally.succeeded += items.length - applied.pending
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !rowCodes.includes(thrown.code)) throw thrown
    // Somebody else has put in rows of this source.
    if (thrown.code === 'unique_violation' && writing.known.doubt()) return await applyAll(loading, items)
    const [only] = items
    if (items.length === 1 && only) {
      const { code, message } = thrown
      return await refuse(loading, only, { code, message, content: await again.contentOf(only) })
    }
    const middle = items.length >> 1
    await applyAll(loading, items.slice(0, middle))
    await applyAll(loading, items.slice(middle))
  }
}

async function refuse({ run, tally, type }: Loading, item: Item, refusal: Refusal): Promise<void> {
  const message = [...new Set([...item.before, refusal.message])].join(' ')
  await run.context.reject(rejectedRecord(item, { ...refusal, message }))
  if (item.before.length > 0) {
    // It was counted when the first step refused it.
    tally.skipped += 1
    return
  }
  tally.fail(item.kind, { code: refusal.code, message })
  if (tally.failed <= mostLines) await run.context.log('warning', `Rejected: ${located(item, message)}`, { stream: type })
  if (tally.failed === mostLines) await run.context.log('warning', 'Further rejected records are not told one by one: the list has them all.')
}

async function noteAll({ context }: CommerceRun, items: Item[]): Promise<void> {
  for (const item of items) for (const note of item.change.notes) await context.log('warning', located(item, note))
}
