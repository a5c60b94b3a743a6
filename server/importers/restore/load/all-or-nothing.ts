import type { JobOutcome } from '../../../jobs/importer.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import { rowsOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import { counted } from '../problem.ts'
import { endedEarly, faultOf, refuseRun, wholeLedger } from '../report/outcomes.ts'
import { currentText } from '../report/run-progress.ts'
import { logCounts } from '../report/run-log.ts'
import { Tally } from '../report/tally.ts'
import type { RestoreRun } from '../restore-run.ts'
import { oneAhead } from '../source/one-ahead.ts'
import { OrdinalSet } from '../source/ordinal-set.ts'
import type { Chunk } from '../source/record-source.ts'
import { doneState } from './checkpoint-state.ts'
import { commitSurely } from '../../commit-surely.ts'
import { findRecords } from './find-records.ts'
import { HeldRows, keepOrder } from './held-rows.ts'
import { lastPass } from './last-pass.ts'
import type { Refusal } from './loader.ts'
import { openLoad } from './open-load.ts'

/** Bad records that are looked for when a run fails at its references. */
const mostReported = 1000

/** Loads everything in one transaction. The first chunk with a bad record ends the run, and the target is as it was. */
export async function loadAllOrNothing(run: RestoreRun): Promise<JobOutcome> {
  const { check, context, target, fence, options } = run
  const tx = await target.begin(fence)
  const tally = new Tally()
  try {
    await openLoad(run, tx)
    const refused = (await loadAll(run, tx, tally)) ?? (await verify(run, tx, tally))
    if (refused.length > 0) {
      await tx.rollback()
      return await refuseRun(context, check.total, refused.map(faultOf))
    }
    const outcome: JobOutcome = { status: 'succeeded', ledger: wholeLedger(tally, check.total) }
    context.signal.throwIfAborted()
    await context.flush()
    if (options.dryRun) await tx.rollback()
    else await commitSurely(run, tx, { done: true, state: doneState(outcome, tally) })
    await logCounts(context, tally, options)
    run.progress.show('verify', 1, check.total, tally)
    return outcome
  } catch (thrown) {
    await tx.rollback()
    return endedEarly(thrown, context.signal, new Tally().ledger(check.total))
  }
}

/** Answers the records that were refused, or null when all were taken. */
async function loadAll(run: RestoreRun, tx: TargetTransaction, tally: Tally): Promise<Refusal[] | null> {
  const { context, wants } = run
  const aside = new OrdinalSet()
  const held = new HeldRows()
  for await (const chunk of oneAhead(run.source.chunks({ signal: context.signal, ...(wants && { wants }) }))) {
    const refused = await loadOne(run, tx, chunk, { tally, aside, held })
    if (refused.length > 0) return refused
    const label = chunk.records.at(-1)?.value?.model ?? ''
    run.progress.show('load', tally.succeeded / Math.max(1, run.check.total), tally.succeeded, tally, currentText(label, tally))
  }
  return await loadAside(run, tx, aside, tally)
}

type Loaded = { tally: Tally; aside: OrdinalSet; held: HeldRows }

async function loadOne(run: RestoreRun, tx: TargetTransaction, chunk: Chunk, { tally, aside, held }: Loaded): Promise<Refusal[]> {
  const { drafts, refused } = run.loader.drafts(chunk)
  if (refused.length > 0) return refused
  const waiting: Draft[] = []
  const result = await run.loader.write(tx, keepOrder(drafts, held, waiting))
  for (const draft of result.written) tally.succeed(draft.label, rowsOf(draft))
  for (const draft of result.waiting) held.hold(draft)
  for (const { ordinal } of [...waiting, ...result.waiting]) aside.add(ordinal)
  return result.refused
}

/** Records that refer to later ones by natural keys. */
async function loadAside(run: RestoreRun, tx: TargetTransaction, aside: OrdinalSet, tally: Tally): Promise<Refusal[] | null> {
  if (aside.size === 0) return null
  await run.context.log(
    'info',
    `${counted(aside.size, 'record refers', 'records refer')} to rows that come later in the files: now that all are read, they follow.`,
  )
  const result = await lastPass(run, tx, aside, { checkReferences: false })
  tally.add(result.tally)
  if (result.failed.size === 0) return null
  const refused: Refusal[] = []
  const wants = (ordinal: number): boolean => result.failed.has(ordinal)
  for await (const { records, ordinals } of run.source.chunks({ signal: run.context.signal, wants })) {
    for (const [at, record] of records.entries()) {
      const ordinal = ordinals[at] as number
      const problem = result.failed.get(ordinal)
      if (problem && refused.length < mostReported) refused.push({ ordinal, record, problem })
    }
  }
  return refused
}

/** Foreign keys: every row written has to have what it refers to. */
async function verify(run: RestoreRun, tx: TargetTransaction, tally: Tally): Promise<Refusal[]> {
  run.progress.show('verify', 0, tally.succeeded, tally, 'Checking references')
  const references = await tx.danglingReferences(mostReported)
  if (references.length === 0) return []
  const message = `References lead nowhere, ${references.length < mostReported ? counted(references.length, 'in all', 'in all') : `${counted(mostReported, 'of them', 'of them')} at least`}: the files are read again for the records that they are in.`
  await run.context.log('warning', message)
  // What no record is found for, the commit refuses and says.
  return await findRecords(run, tx, references, { wants: run.wants, most: mostReported })
}
