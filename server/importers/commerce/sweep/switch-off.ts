import type { SweepOptions } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext, JobOutcome } from '../../../jobs/importer.ts'
import type { Fence, Target, TargetTransaction } from '../../../targets/target.ts'
import { commitSurely } from '../../commit-surely.ts'
import { KnownKeys } from '../load/known-keys.ts'
import { RowWriter, nothingWritten } from '../load/row-writer.ts'
import type { Writing } from '../load/row-writer.ts'
import { keepSource, readSource } from '../load/source-row.ts'
import { endedWell } from '../report/outcomes.ts'
import { logCounts } from '../report/run-log.ts'
import { Tally } from '../report/tally.ts'
import type { knownTables } from '../schema/open-tables.ts'
import { lackingRows } from './lacking-rows.ts'
import type { SeenGoods } from './seen-goods.ts'
import { readShare, tellSweep } from './sweep-progress.ts'

export type Sweep = { context: JobContext; options: SweepOptions; target: Target; fence: Fence; seen: SeenGoods } & ReturnType<typeof knownTables>

/** Marks as deleted what the files lack, `total` rows of products and offers, in one transaction. */
export async function switchOff(sweep: Sweep, total: number): Promise<JobOutcome> {
  const { context, options, target, fence, tables } = sweep
  const tally = new Tally()
  if (total === 0) await context.log('info', 'Everything that is here was brought: nothing is to be switched off.')
  tellSweep(context, 'deactivate', { percent: readShare, done: 0, total }, tally.ledger(total))
  const tx = await target.begin(fence)
  try {
    const { entities } = await readSource(tx, { tables, source: options.source })
    const now = new Date().toISOString()
    const writing = { tables, source: options.source, importId: fence.importId, now, known: new KnownKeys(entities) }
    if (total > 0) await mark(sweep, tx, writing, { tally, total })
    const outcome = endedWell(tally, total)
    await context.flush()
    await commitSurely({ target, fence, context }, tx, { done: true, state: { outcome, tally: tally.toState() } })
    await logCounts(context, tally, options)
    return outcome
  } catch (thrown) {
    await tx.rollback()
    throw thrown
  }
}

async function mark(sweep: Sweep, tx: TargetTransaction, writing: Writing, { tally, total }: { tally: Tally; total: number }): Promise<void> {
  const { context, tables, options } = sweep
  for (const entity of ['products', 'offers'] as const) {
    const values = tables[entity].data.map(() => undefined)
    for await (const { lacking } of lackingRows({ ...sweep, source: options.source }, entity)) {
      context.signal.throwIfAborted()
      const changes = lacking.map((id) => ({ entity, key: [id], values, deleted: true }))
      const written = nothingWritten()
      await new RowWriter(writing).rows(tx, changes, written)
      tally.entities.add(written.counts)
      tally.addLive(written.live)
      tally.succeeded += lacking.length
      const percent = readShare + (tally.done / total) * (100 - readShare)
      tellSweep(context, 'deactivate', { percent, done: tally.done, total }, tally.ledger(total))
    }
  }
  await keepSource(tx, writing, tally, null)
}
