import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { JobOutcome } from '../../../jobs/importer.ts'
import type { CommerceRun } from '../commerce-run.ts'
import { openRecords } from '../read/read-records.ts'
import type { CommerceRecord } from '../read/record.ts'
import { endedEarly, endedWell } from '../report/outcomes.ts'
import { logCounts } from '../report/run-log.ts'
import type { Tally } from '../report/tally.ts'
import { totalOf } from '../check/survey.ts'
import { loadBatch } from './load-batch.ts'
import { KnownKeys } from './known-keys.ts'
import type { Position } from './position.ts'
import { readAhead } from './read-ahead.ts'
import type { Writing } from './row-writer.ts'
import { lastRunText, sameAgain } from './same-again.ts'
import { keepSource, readSource } from './source-row.ts'
import { keeps, takes } from './steps.ts'
import { Transactions } from './transactions.ts'

/** Records, and elements of them, that are written at once; and batches between two commits. */
const batchRecords = 2000
const batchElements = 200_000
const batchesOfCommit = 5

/** What has come of a document, to be loaded as one batch. */
type Batch = { records: CommerceRecord[]; elements: number; file: string }

/** Does the chosen steps in their order, from where a former attempt came to. */
export async function loadSteps(run: CommerceRun, position: Position): Promise<JobOutcome> {
  const transactions = new Transactions(run)
  const total = run.progress.total
  let stored = position.tally.ledger(total)
  try {
    const { tables, options, job } = run
    const { entities, lastRun } = await readSource(await transactions.begin(), { tables, source: options.source })
    const again = position.isStart ? await sameAgain(run, lastRun) : null
    if (again) return await nothingNew(run, transactions, again)
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
async function nothingNew(run: CommerceRun, transactions: Transactions, tally: Tally): Promise<JobOutcome> {
  await run.context.log('info', 'The content is the same as in the last run, and nothing was imported since: no row has to be written.')
  for (const type of run.types) {
    const total = totalOf(run.survey, [type])
    run.progress.loading(type, { done: total, total }, tally, '')
  }
  return await finish(run, transactions, tally, null)
}

async function finish(run: CommerceRun, transactions: Transactions, tally: Tally, writing: Writing | null): Promise<JobOutcome> {
  const outcome = endedWell(tally, run.progress.total ?? 0)
  const lastRun = writing && (await lastRunText(run, tally))
  if (writing && lastRun !== null) await keepSource(await transactions.begin(), { ...writing, now: new Date().toISOString() }, tally, lastRun)
  await run.context.flush()
  await transactions.commit({ done: true, state: { outcome, tally: tally.toState() } })
  await logCounts(run.context, tally, run.options)
  return outcome
}

type Loading = { run: CommerceRun; transactions: Transactions; position: Position; writing: Writing }

async function loadStep({ run, transactions, position, ...loading }: Loading, type: CommerceType, committed: () => void): Promise<void> {
  const { context, progress, survey } = run
  const writing = { ...loading.writing, now: new Date().toISOString() }
  const total = totalOf(survey, [type])
  const commit = async (): Promise<void> => {
    await keepSource(await transactions.begin(), writing, position.tally, null)
    await context.flush()
    await transactions.commit({ done: false, state: position.toState() })
    committed()
  }
  if (position.taken === 0) progress.loading(type, { done: 0, total }, position.tally, '')
  let batches = 0
  for await (const batch of readAhead(batchesFrom(run, type, position.taken))) {
    await loadBatch(run, await transactions.begin(), writing, type, batch.records, position.tally)
    position.taken += batch.records.length
    batches += 1
    if (batches % batchesOfCommit === 0) await commit()
    progress.loading(type, { done: position.taken, total }, position.tally, batch.file)
  }
  if (batches % batchesOfCommit !== 0) await commit()
}

/** The records of a step in batches, without the first `skip`. */
async function* batchesFrom(run: CommerceRun, type: CommerceType, skip: number): AsyncGenerator<Batch> {
  let passed = 0
  for (const { document, counts } of run.survey.documents) {
    if (counts[type] === 0) continue
    if (passed + counts[type] <= skip) {
      passed += counts[type]
      continue
    }
    let batch: Batch = { records: [], elements: 0, file: document.name }
    const pieces = await openRecords(document, run.context.signal, { way: 'quick', keep: (kind, child) => keeps(type, kind, child) })
    if ('head' in pieces) continue
    for await (const { records } of pieces) {
      run.context.signal.throwIfAborted()
      for (const record of records) {
        if (!run.wants(record) || !takes(type, record)) continue
        passed += 1
        if (passed <= skip) continue
        batch.records.push(record)
        batch.elements += record.elements
        if (batch.records.length < batchRecords && batch.elements < batchElements) continue
        yield batch
        batch = { records: [], elements: 0, file: document.name }
      }
    }
    if (batch.records.length > 0) yield batch
  }
}
