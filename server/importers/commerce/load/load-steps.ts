import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { JobOutcome } from '../../../jobs/importer.ts'
import type { CommerceRun, RunParts } from '../commerce-run.ts'
import { endedEarly, endedWell } from '../report/outcomes.ts'
import { logCounts } from '../report/run-log.ts'
import type { Tally } from '../report/tally.ts'
import { figuresOf } from '../check/survey.ts'
import { loadBatch } from './load-batch.ts'
import type { Batch } from './load-batch.ts'
import { KnownKeys } from './known-keys.ts'
import type { Position } from './position.ts'
import { ReadAgain } from './read-again.ts'
import { readAhead } from './read-ahead.ts'
import type { Writing } from './row-writer.ts'
import { lastRunText } from './same-again.ts'
import type { SameAgain } from './same-again.ts'
import { keepSource, readSource } from './source-row.ts'
import { Transactions } from './transactions.ts'

/** Records that are written at once, or values of them; and batches between two commits. */
const batchRecords = 2000
const batchCells = 200_000
const batchesOfCommit = 5

/** Does the chosen steps in their order, from where a former attempt came to. */
export async function loadSteps(run: CommerceRun, position: Position): Promise<JobOutcome> {
  const transactions = new Transactions(run)
  const total = run.progress.total
  let stored = position.tally.ledger(total)
  try {
    const { tables, options, job } = run
    const { entities } = await readSource(await transactions.begin(), { tables, source: options.source })
    const writing = { tables, source: options.source, importId: job.importId, now: '', known: new KnownKeys(entities) }
    for (; position.step < run.types.length; position.step += 1, position.taken = 0) {
      const type = run.types[position.step]
      if (type) await loadStep({ run, transactions, position, writing }, type, () => (stored = position.tally.ledger(total)))
    }
    return await finish(run, transactions, position.tally, writing)
  } catch (thrown) {
    await transactions.rollback()
    return endedEarly(thrown, run.context.signal, stored)
  }
}

/** The content is the one of the last run: there is nothing to write, and all is told as if it had been looked at. */
export async function nothingNew(parts: RunParts, { figures, tally }: SameAgain): Promise<JobOutcome> {
  const transactions = new Transactions(parts)
  try {
    await parts.context.log('info', 'The content is the same as in the last run, and nothing was imported since: no row has to be written.')
    await parts.context.log('info', 'Rows that somebody changed by hand stay so. To have every row compared, start it with compare=always.')
    for (const type of parts.types) parts.progress.loading(type, { done: figures.totals[type], total: figures.totals[type] }, tally, '')
    return await conclude(parts, transactions, tally)
  } catch (thrown) {
    await transactions.rollback()
    throw thrown
  }
}

async function finish(run: CommerceRun, transactions: Transactions, tally: Tally, writing: Writing): Promise<JobOutcome> {
  const lastRun = await lastRunText(run, tally)
  if (lastRun !== null) await keepSource(await transactions.begin(), { ...writing, now: new Date().toISOString() }, tally, lastRun)
  return await conclude(run, transactions, tally)
}

async function conclude({ context, options, progress }: RunParts, transactions: Transactions, tally: Tally): Promise<JobOutcome> {
  const outcome = endedWell(tally, progress.total ?? 0)
  await context.flush()
  await transactions.commit({ done: true, state: { outcome, tally: tally.toState() } })
  await logCounts(context, tally, options)
  return outcome
}

type Loading = { run: CommerceRun; transactions: Transactions; position: Position; writing: Writing }

async function loadStep({ run, transactions, position, ...loading }: Loading, type: CommerceType, committed: () => void): Promise<void> {
  const { context, progress, survey } = run
  const writing = { ...loading.writing, now: new Date().toISOString() }
  const total = figuresOf(survey).totals[type]
  const commit = async (): Promise<void> => {
    const flushed = context.flush()
    // Told below.
    flushed.catch(() => undefined)
    await keepSource(await transactions.begin(), writing, position.tally, null)
    await flushed
    await transactions.commit({ done: false, state: position.toState() })
    committed()
  }
  if (position.taken === 0) progress.loading(type, { done: 0, total }, position.tally, '')
  const again = new ReadAgain(
    survey.documents.map(({ document }) => document),
    context.signal,
  )
  const parts = { run, begin: async () => await transactions.begin(), writing, type, tally: position.tally, again }
  let batches = 0
  const load = async (batch: Batch, ready: Promise<void>): Promise<void> => {
    await loadBatch(parts, batch, ready)
    position.taken += batch.records
    batches += 1
    if (batches % batchesOfCommit === 0) await commit()
    progress.loading(type, { done: position.taken, total }, position.tally, batch.file)
  }
  let last = Promise.resolve()
  try {
    for await (const batch of readAhead(batchesFrom(run, type, position.taken))) {
      const before = last
      last = load(batch, before)
      last.catch(() => undefined)
      await before
    }
    await last
    if (batches % batchesOfCommit !== 0) await commit()
  } finally {
    // Nothing may be under way when the transaction is undone.
    await last.catch(() => undefined)
    await again.close()
  }
}

/** What the records of a step say, in batches, without the first `skip` records. */
async function* batchesFrom({ survey, spool, context }: CommerceRun, type: CommerceType, skip: number): AsyncGenerator<Batch> {
  let left = skip
  for (const { document, counts } of survey.documents) {
    const none = (): Batch => ({ file: document.name, pieces: [], skip: 0, records: 0 })
    let batch = none()
    let cells = 0
    for await (const piece of spool.pieces(document.name, type, left)) {
      context.signal.throwIfAborted()
      batch.pieces.push(piece.packed)
      batch.skip += piece.skip
      batch.records += piece.records - piece.skip
      cells += piece.packed.cells.length
      if (batch.records < batchRecords && cells < batchCells) continue
      yield batch
      batch = none()
      cells = 0
    }
    if (batch.records > 0) yield batch
    left = Math.max(0, left - counts[type])
  }
}
