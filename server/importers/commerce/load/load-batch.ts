import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import { AppError } from '../../../errors.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import type { CommerceRun } from '../commerce-run.ts'
import { located, rejectedRecord } from '../report/rejected.ts'
import type { Tally } from '../report/tally.ts'
import type { Item, Refusal } from '../spool/item.ts'
import { unpack } from '../spool/pack.ts'
import type { Packed } from '../spool/pack.ts'
import { applyBatch } from './apply-batch.ts'
import type { Applied } from './apply-batch.ts'
import { newRowsOf } from './new-rows.ts'
import type { ReadAgain } from './read-again.ts'
import type { Writing } from './row-writer.ts'
import { WriteBehind } from './write-behind.ts'

/** Lines of the log that speak of single records; the list of rejected records has all of them. */
const mostLines = 20

/** Refusals of the target that are about a row. */
const rowCodes: readonly ErrorCode[] = ['value_invalid', 'not_null_violation', 'unique_violation', 'target_refused']

/** What a step of a run works with. */
export type Loading = {
  run: CommerceRun
  begin: () => Promise<TargetTransaction>
  writing: Writing
  type: CommerceType
  tally: Tally
  again: ReadAgain
}

/** What some records of a document say, without the first `skip` of them. `records`: how many are left. */
export type Batch = { file: string; pieces: Packed[]; skip: number; records: number }

type Open = Loading & { tx: TargetTransaction }

/** Rows that are made ready, and wait for what they are written to. */
type Prepared = { behind: WriteBehind; applied: Promise<Applied> }

/**
 * Writes what a batch says; what is bad goes to the rejected list and takes nothing else with it. The batch is made ready at once, and nothing of it is told,
 * counted or written before `ready`: so the one before it may still be under way.
 */
export async function loadBatch(loading: Loading, batch: Batch, ready: Promise<void>): Promise<void> {
  const { writing, type } = loading
  const quick = batch.skip > 0 ? null : newRowsOf(batch.pieces, type, writing)
  if (quick) loading.run.target.bring?.(quick.batches)
  const items = quick ? [] : itemsOf(batch)
  const good = items.filter(({ refusal }) => refusal === null)
  const prepared = quick ? { behind: new WriteBehind(quick.batches), applied: Promise.resolve(quick.applied) } : prepare(loading, good)
  await ready
  for (const item of items) if (item.refusal) await refuse(loading, item, item.refusal)
  await noteAll(loading.run, good)
  const open = { ...loading, tx: await loading.begin() }
  const refused = await attempt(open, prepared, quick ? batch.records : good.length)
  if (!refused) return
  const again = quick ? itemsOf(batch) : good
  // Rows of somebody else may have shown after it was made ready.
  if (refused.code === 'unique_violation') writing.known.doubt()
  await (refused.code === 'unique_violation' ? applyAll(open, again) : applyInParts(open, again, refused))
}

function itemsOf({ pieces, skip }: Batch): Item[] {
  const items = pieces.flatMap(unpack)
  return skip > 0 ? items.slice(skip) : items
}

function prepare({ writing, type }: Loading, items: Item[]): Prepared {
  const behind = new WriteBehind()
  const applied = applyBatch(behind, writing, type, items)
  applied.catch(() => undefined)
  return { behind, applied }
}

/** Writes all of it or nothing. Answers why the target refused a row of it. */
async function attempt({ tx, writing, tally }: Open, prepared: Prepared, records: number): Promise<AppError | null> {
  try {
    const { written, pending, orphans } = await carryOut(tx, prepared)
    for (const { entity, key } of written.there) writing.known.noteThere(entity, key)
    tally.entities.add(written.counts)
    tally.addLive(written.live)
    tally.orphans += orphans
    tally.mentioned += written.mentioned
    tally.pending += pending
    tally.skipped += pending
    tally.succeeded += records - pending
    return null
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !rowCodes.includes(thrown.code)) throw thrown
    return thrown
  }
}

async function carryOut(tx: TargetTransaction, { behind, applied }: Prepared): Promise<Applied> {
  const asks = await Promise.race([behind.asked.then(() => true), applied.then(() => false)])
  if (!asks) {
    await tx.writeAll(behind.taken)
    return await applied
  }
  return await tx.savepoint(async () => {
    await behind.goOn(tx)
    return await applied
  })
}

async function applyAll(loading: Open, items: Item[]): Promise<void> {
  const refused = items.length === 0 ? null : await attempt(loading, prepare(loading, items), items.length)
  if (refused) await applyInParts(loading, items, refused)
}

/** Where the target refuses a batch, the bad rows are found by halves. */
async function applyInParts(loading: Open, items: Item[], { code, message }: AppError): Promise<void> {
  // Somebody else has put in rows of this source.
  if (code === 'unique_violation' && loading.writing.known.doubt()) return await applyAll(loading, items)
  const [only] = items
  if (items.length === 1 && only) return await refuse(loading, only, { code, message, content: await loading.again.contentOf(only) })
  const middle = items.length >> 1
  await applyAll(loading, items.slice(0, middle))
  await applyAll(loading, items.slice(middle))
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
