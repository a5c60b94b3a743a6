import type { JobOutcome } from '../../../jobs/importer.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import { rowsOf } from '../plan/draft.ts'
import type { Problem } from '../problem.ts'
import { counted } from '../problem.ts'
import { located, rejected } from '../report/excerpt.ts'
import { endedEarly, faultOf, keptGoing, mostLines, rejectionOf } from '../report/outcomes.ts'
import { currentText } from '../report/run-progress.ts'
import { logCounts } from '../report/run-log.ts'
import type { RestoreRun } from '../restore-run.ts'
import { oneAhead } from '../source/one-ahead.ts'
import type { Chunk, Wants } from '../source/record-source.ts'
import { Position, doneState } from './checkpoint-state.ts'
import { lastPass } from './last-pass.ts'
import { HeldRows } from './held-rows.ts'
import { loadChunk } from './load-chunk.ts'
import type { Refusal } from './loader.ts'
import { Transactions } from './transactions.ts'

/**
 * Loads what is good, chunk by chunk, each with its checkpoint in one transaction; what is bad goes to the rejected list. Records whose references lead
 * nowhere yet are set aside and follow at the end, in one transaction.
 */
export async function loadKeepGoing(run: RestoreRun, from: unknown): Promise<JobOutcome> {
  const position = Position.fromState(from)
  const transactions = new Transactions(run)
  const total = run.check.total + run.check.damages.length
  let stored = position.tally.ledger(total)
  try {
    if (position.next > 0) await run.context.log('info', `The run goes on behind its first ${counted(position.next, 'record')}.`)
    else await rejectDamages(run, position)
    for await (const chunk of chunksFrom(run, position)) {
      await loadOne(run, transactions, chunk, position)
      if (!run.options.dryRun) stored = position.tally.ledger(total)
    }
    return await finish(run, transactions, position, total)
  } catch (thrown) {
    await transactions.rollback()
    return endedEarly(thrown, run.context.signal, stored)
  }
}

async function rejectDamages({ check, context }: RestoreRun, { tally }: Position): Promise<void> {
  for (const { excerpt, problem } of check.damages) {
    tally.fail(undefined, problem)
    await context.reject(rejected(excerpt, problem))
    await context.log('error', problem.message)
  }
}

const every = (): boolean => true

/** The chunks from a position on. What comes before it is read for the rows that records set aside will write. */
async function* chunksFrom(run: RestoreRun, position: Position): AsyncGenerator<Chunk & { held: HeldRows }> {
  const { wants, source, context, loader } = run
  const held = new HeldRows()
  const asideBefore = position.next === 0 ? null : position.aside
  const start = position.next
  const takes: Wants = (ordinal, record) => (ordinal >= start ? (wants?.(ordinal, record) ?? true) : (asideBefore?.has(ordinal) ?? false))
  let passed = start === 0
  const onRead = (): void => {
    if (!passed) run.progress.still('Passing over the records that are in')
  }
  const chunks = source.chunks({ signal: context.signal, wants: takes, cutBy: wants ?? every, onDamage: () => {}, onRead })
  for await (const chunk of oneAhead(chunks)) {
    const old = chunk.ordinals.filter((ordinal) => ordinal < start).length
    if (old > 0)
      for (const draft of loader.drafts({ records: chunk.records.slice(0, old), ordinals: chunk.ordinals.slice(0, old) }).drafts) held.hold(draft)
    passed ||= old < chunk.records.length
    if (old < chunk.records.length) yield { records: chunk.records.slice(old), ordinals: chunk.ordinals.slice(old), held }
  }
}

async function loadOne(run: RestoreRun, transactions: Transactions, chunk: Chunk & { held: HeldRows }, position: Position): Promise<void> {
  const { tally, aside } = position
  const tx = await transactions.begin()
  const result = await loadChunk(run, tx, chunk, chunk.held)
  for (const draft of result.written) tally.succeed(draft.label, rowsOf(draft))
  for (const ordinal of result.aside.map((draft) => draft.ordinal).toSorted((a, b) => a - b)) aside.add(ordinal)
  await rejectAll(run, position, result.refused)
  position.next = (chunk.ordinals.at(-1) ?? 0) + 1
  await run.context.flush()
  await transactions.commit(tx, { done: false, state: position.toState() })
  const label = chunk.records.at(-1)?.value?.model ?? ''
  const done = tally.succeeded + tally.failed
  run.progress.show('load', done / Math.max(1, run.check.total), done, tally, currentText(label, tally))
}

async function rejectAll(run: RestoreRun, { tally }: Position, refused: Refusal[]): Promise<void> {
  for (const refusal of refused) {
    tally.fail(refusal.record.value?.model, refusal.problem)
    await run.context.reject(rejectionOf(refusal))
    await logRejected(run.context, refusal, tally.failed)
  }
}

/** The first rejected records are told as they come; how many there were of each kind is told at the end. */
async function logRejected(context: RestoreRun['context'], refusal: Refusal, number: number): Promise<void> {
  if (number > mostLines) return
  const { excerpt, problem } = faultOf(refusal)
  await context.log('warning', located(excerpt, problem.message))
  if (number === mostLines) await context.log('warning', 'Further rejected records are not told one by one: the list has them all.')
}

async function finish(run: RestoreRun, transactions: Transactions, position: Position, total: number): Promise<JobOutcome> {
  const { tally, aside } = position
  run.progress.show('verify', 0, tally.succeeded + tally.failed, tally, 'Checking references')
  const tx = await transactions.begin()
  if (aside.size > 0) {
    await run.context.log(
      'info',
      `${counted(aside.size, 'record refers', 'records refer')} to rows that come later in the files: now that all are read, they follow.`,
    )
    const result = await lastPass(run, tx, aside, { checkReferences: true })
    tally.add(result.tally)
    await rejectFailed(run, tx, position, result.failed)
  }
  const outcome = keptGoing(tally, total)
  await run.context.flush()
  run.context.signal.throwIfAborted()
  if (run.options.dryRun) await transactions.rollback()
  else await transactions.commit(tx, { done: true, state: doneState(outcome, tally) })
  await logCounts(run.context, tally, run.options)
  run.progress.show('verify', 1, total, tally)
  return outcome
}

/** Reads the files again for the records that failed in the last pass. */
async function rejectFailed(run: RestoreRun, _tx: TargetTransaction, position: Position, failed: Map<number, Problem>): Promise<void> {
  if (failed.size === 0) return
  const wants = (ordinal: number): boolean => failed.has(ordinal)
  for await (const { records, ordinals } of run.source.chunks({ signal: run.context.signal, wants, onDamage: () => {} })) {
    const refused = records.flatMap((record, at) => {
      const ordinal = ordinals[at] as number
      const problem = failed.get(ordinal)
      return problem ? [{ ordinal, record, problem }] : []
    })
    await rejectAll(run, position, refused)
  }
}
