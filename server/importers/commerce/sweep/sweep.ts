import type { SweepOptions } from '../../../../shared/schemas/commerce-options.ts'
import { sweepOptions } from '../../../../shared/schemas/commerce-options.ts'
import { AppError } from '../../../errors.ts'
import type { Held, Job, JobContext, JobOutcome, Question } from '../../../jobs/importer.ts'
import { counted } from '../model/problem.ts'
import { openDocuments } from '../read/documents.ts'
import { openRecords } from '../read/read-records.ts'
import { endedEarly, endedWell } from '../report/outcomes.ts'
import { logCounts } from '../report/run-log.ts'
import { Tally } from '../report/tally.ts'
import type { TallyState } from '../report/tally.ts'
import { knownTables } from '../schema/open-tables.ts'
import { lackingRows } from './lacking-rows.ts'
import type { Swept } from './lacking-rows.ts'
import { SeenGoods } from './seen-goods.ts'
import { readShare, tellSweep } from './sweep-progress.ts'
import { switchOff } from './switch-off.ts'
import type { Sweep } from './switch-off.ts'

type Figures = { removed: number; products: number; removedOffers: number; offers: number }

/**
 * `mode=deactivate`: reads the files of an exchange once more, and marks as deleted the products and offers of its full catalogs that are in none of them. All in one
 * transaction: a run that was killed begins anew. Groups stay: a classifier is no full list.
 */
export async function runSweep(job: Job, context: JobContext): Promise<JobOutcome | Held> {
  const { target } = job
  if (!target) throw new AppError('internal', 'Switching goods off needs a target.')
  const options = sweepOptions.parse(job.options)
  const fence = { importId: job.importId, attempt: job.attempt }
  const checkpoint = await target.claim(fence)
  if (checkpoint?.done) return await alreadyDone(context, checkpoint.state, options)
  const files = counted(job.files.length, 'file')
  await context.log('info', `1C (${options.source}) asks to switch off what the ${files} of its exchange did not bring.`)
  try {
    const seen = await readSeen(job, context)
    const sweep = { context, options, target, fence, seen, ...knownTables(await target.readSchema()) }
    if (seen.full.length === 0 || sweep.missing.length > 0) return await nothing(context, seen.full.length === 0)
    const figures = await countLacking(sweep)
    const question = options.guard && !options.confirmed ? questionOf(figures, options) : null
    if (question) return await held(context, question)
    return await switchOff(sweep, figures.removed + figures.removedOffers)
  } catch (thrown) {
    const outcome = endedEarly(thrown, context.signal, new Tally().ledger(null))
    if (outcome.status === 'failed') await context.log('error', `${outcome.error.message} Nothing was switched off.`)
    return outcome
  }
}

async function readSeen(job: Job, context: JobContext): Promise<SeenGoods> {
  const seen = new SeenGoods()
  const documents = await openDocuments(job.files, context.signal)
  const size = documents.documents.reduce((sum, document) => sum + document.size, 0) || 1
  let before = 0
  let records = 0
  try {
    for (const document of documents.documents) {
      const pieces = await openRecords(document, context.signal, { way: 'quick', keep: (_, child) => child === 'Ид' || child === 'ИдХарактеристики' })
      if (!('head' in pieces)) {
        for await (const piece of pieces) {
          for (const record of piece.records) seen.see(record)
          records += piece.records.length
          const percent = Math.min(1, (before + piece.read) / size) * readShare
          tellSweep(context, 'check', { percent, done: records, total: null, current: document.name }, new Tally().ledger(null))
        }
      }
      before += document.size
    }
    return seen
  } finally {
    documents.close()
  }
}

async function countLacking(sweep: Sweep): Promise<Figures> {
  const count = async (entity: Swept) => {
    const sum = { live: 0, lacking: 0 }
    for await (const { live, lacking } of lackingRows({ ...sweep, source: sweep.options.source }, entity)) {
      sweep.context.signal.throwIfAborted()
      sum.live += live
      sum.lacking += lacking.length
    }
    return sum
  }
  const [products, offers] = [await count('products'), await count('offers')]
  return { removed: products.lacking, products: products.live, removedOffers: offers.lacking, offers: offers.live }
}

/** The same share as for goods that 1C marks one by one; offers have a share of their own. */
function questionOf(figures: Figures, { limits }: SweepOptions): Question | null {
  const pairs = [
    { one: 'product', gone: figures.removed, all: figures.products },
    { one: 'offer', gone: figures.removedOffers, all: figures.offers },
  ]
  const reasons = pairs.flatMap(({ one, gone, all }) =>
    gone * 100 > all * limits.removed
      ? [`${counted(gone, one)} of ${all.toLocaleString('en-US')} would be marked as deleted, more than ${limits.removed} %.`]
      : [],
  )
  if (reasons.length === 0) return null
  return { message: `The full catalog did not bring them: ${reasons.join(' ')} Is that meant? Nothing was written yet.`, figures }
}

async function held(context: JobContext, question: Question): Promise<Held> {
  await context.log('warning', question.message, { data: question.figures })
  return { status: 'held', question }
}

async function nothing(context: JobContext, noneFull: boolean): Promise<JobOutcome> {
  const reason = noneFull
    ? 'None of the catalogs was a full one (СодержитТолькоИзменения="false" in all of its files): what it lacks may be there all the same.'
    : 'No goods were ever imported here.'
  await context.log('warning', `${reason} Nothing was switched off.`)
  return endedWell(new Tally(), 0)
}

async function alreadyDone(context: JobContext, state: unknown, options: SweepOptions): Promise<JobOutcome> {
  const { outcome, tally } = state as { outcome: JobOutcome; tally: TallyState }
  await logCounts(context, Tally.fromState(tally), options)
  return outcome
}
