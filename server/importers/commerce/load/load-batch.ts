import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import { AppError } from '../../../errors.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import type { CommerceRun } from '../commerce-run.ts'
import { RecordRefused } from '../model/problem.ts'
import type { CommerceRecord } from '../read/record.ts'
import { located, rejectedRecord } from '../report/rejected.ts'
import type { Tally } from '../report/tally.ts'
import { applyBatch } from './apply-batch.ts'
import type { Item } from './apply-batch.ts'
import type { Writing } from './row-writer.ts'
import { changeOf, takes } from './steps.ts'

/** Lines of the log that speak of single records; the list of rejected records has all of them. */
const mostLines = 20

/** Refusals of the target that are about a row. */
const rowCodes: readonly ErrorCode[] = ['value_invalid', 'not_null_violation', 'unique_violation', 'target_refused']

/** Writes the records of a batch; what is bad goes to the rejected list and takes nothing else with it. */
export async function loadBatch(
  run: CommerceRun,
  tx: TargetTransaction,
  writing: Writing,
  type: CommerceType,
  records: CommerceRecord[],
  tally: Tally,
) {
  const items: Item[] = []
  for (const record of records) {
    try {
      items.push({ record, change: changeOf(type, record) })
    } catch (thrown) {
      if (!(thrown instanceof RecordRefused)) throw thrown
      await refuse(run, tally, type, record, thrown)
    }
  }
  await noteAll(run, items)
  await applyAll(run, tx, writing, type, items, tally)
}

/** Where the target refuses a batch, the bad rows are found by halves. */
async function applyAll(run: CommerceRun, tx: TargetTransaction, writing: Writing, type: CommerceType, items: Item[], tally: Tally): Promise<void> {
  if (items.length === 0) return
  try {
    const applied = await tx.savepoint(async () => await applyBatch(tx, writing, type, items))
    for (const { entity, key } of applied.written.there) writing.known.noteThere(entity, key)
    tally.entities.add(applied.written.counts)
    tally.addLive(applied.written.live)
    tally.orphans += applied.orphans
    tally.mentioned += applied.written.mentioned
    tally.pending += applied.pending.length
    tally.skipped += applied.pending.length
    tally.succeeded += items.length - applied.pending.length
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !rowCodes.includes(thrown.code)) throw thrown
    const [only] = items
    if (items.length === 1 && only) return await refuse(run, tally, type, only.record, thrown)
    const middle = items.length >> 1
    await applyAll(run, tx, writing, type, items.slice(0, middle), tally)
    await applyAll(run, tx, writing, type, items.slice(middle), tally)
  }
}

async function refuse(run: CommerceRun, tally: Tally, type: CommerceType, record: CommerceRecord, reason: { code: ErrorCode; message: string }) {
  const before = refusedBefore(run.types.slice(0, run.types.indexOf(type)), record)
  const message = [...before, reason.message].filter((text, at, all) => all.indexOf(text) === at).join(' ')
  await run.context.reject(rejectedRecord(record, reason.code, message))
  if (before.length > 0) {
    // It was counted when the first step refused it.
    tally.skipped += 1
    return
  }
  tally.fail(record.kind, { code: reason.code, message })
  if (tally.failed <= mostLines) await run.context.log('warning', `Rejected: ${located(record, message)}`, { stream: type })
  if (tally.failed === mostLines) await run.context.log('warning', 'Further rejected records are not told one by one: the list has them all.')
}

/** Why earlier steps refused the same record. */
function refusedBefore(types: CommerceType[], record: CommerceRecord): string[] {
  return types.flatMap((type) => {
    try {
      if (takes(type, record)) changeOf(type, record)
      return []
    } catch (thrown) {
      return thrown instanceof RecordRefused ? [thrown.message] : []
    }
  })
}

async function noteAll({ context }: CommerceRun, items: Item[]): Promise<void> {
  for (const { record, change } of items) for (const note of change.notes) await context.log('warning', located(record, note))
}
