import { commerceOptions, commerceTypes } from '../../../shared/schemas/commerce-options.ts'
import { AppError } from '../../errors.ts'
import type { Held, Importer, Job, JobContext, JobOutcome, Question } from '../../jobs/importer.ts'
import { Guard } from './check/guard.ts'
import { figuresOf, surveyDocuments, totalOf } from './check/survey.ts'
import type { SurveyFigures } from './check/survey.ts'
import type { CommerceRun, RunParts } from './commerce-run.ts'
import { loadSteps, nothingNew } from './load/load-steps.ts'
import { Position } from './load/position.ts'
import { sameAgain } from './load/same-again.ts'
import { counted } from './model/problem.ts'
import { NamedPictures } from './pictures/named-pictures.ts'
import { openDocuments } from './read/documents.ts'
import { endedEarly } from './report/outcomes.ts'
import { logCounts } from './report/run-log.ts'
import { RunProgress } from './report/run-progress.ts'
import { Tally } from './report/tally.ts'
import type { TallyState } from './report/tally.ts'
import { knownTables } from './schema/open-tables.ts'
import { Spool } from './spool/spool.ts'
import { runSweep } from './sweep/sweep.ts'

/** Takes over goods, prices, stocks and customers from exports of 1C. See README.md. */
export const importer: Importer = { run: runCommerce, readsOn: true }

async function runCommerce(job: Job, context: JobContext): Promise<JobOutcome | Held> {
  if (typeof job.options === 'object' && job.options !== null && 'sweep' in job.options) return await runSweep(job, context)
  const { target } = job
  if (!target) throw new AppError('internal', 'An import from 1C needs a target.')
  const options = commerceOptions.parse(job.options)
  const types = commerceTypes.filter((type) => options.types.includes(type))
  const fence = { importId: job.importId, attempt: job.attempt }
  const checkpoint = await target.claim(fence)
  if (checkpoint?.done) return await alreadyDone(context, checkpoint.state, options)
  const progress = new RunProgress(context, types)
  const parts = { job, context, options, types, target, fence, progress, ...knownTables(await target.readSchema()) }
  await context.log('info', `Import from 1C (${options.source}) of ${counted(job.files.length, 'file')}: ${types.join(', ')}.`)
  const nothing = new Tally()
  const spool = new Spool()
  let documents: Awaited<ReturnType<typeof openDocuments>> | null = null
  try {
    documents = await openDocuments(job.files, context.signal)
    const position = Position.fromState(checkpoint?.state)
    const again = position.isStart && options.compare === 'auto' ? await sameAgain(parts, documents.documents) : null
    if (again) {
      await logCheck(parts, again.figures, documents.passed)
      return await nothingNew(parts, again)
    }
    const asks = options.guard && !options.confirmed && checkpoint === null && parts.missing.length === 0
    const guard = asks ? new Guard({ target, fence, tables: parts.tables, options }) : null
    const pictures = new NamedPictures(documents.pictures)
    const { survey, question } = await check({ ...parts, spool }, documents, { guard, pictures })
    await logCheck(parts, figuresOf(survey), documents.passed)
    if (types.includes('catalog')) await pictures.tell(context)
    if (question) return await held(context, question)
    if (checkpoint) await context.log('info', `The run goes on behind its first ${counted(position.tally.done, 'record')}.`)
    return await loadSteps({ ...parts, survey, spool }, position)
  } catch (thrown) {
    const outcome = endedEarly(thrown, context.signal, nothing.ledger(progress.total))
    if (outcome.status === 'failed') await context.log('error', `${outcome.error.message} Nothing was written.`)
    return outcome
  } finally {
    documents?.close()
    await spool.close()
  }
}

type Parts = Omit<CommerceRun, 'survey'>
/** What looks at what is read while it is checked. */
type Watching = { guard: Guard | null; pictures: NamedPictures }

async function check(
  { job, context, progress, types, spool }: Parts,
  documents: Awaited<ReturnType<typeof openDocuments>>,
  { guard, pictures }: Watching,
) {
  try {
    const survey = await surveyDocuments(documents, { context, progress, types, only: job.only ?? null, spool, guard, pictures })
    return { survey, question: guard ? await guard.ask() : null }
  } finally {
    await guard?.close()
  }
}

async function logCheck({ context, progress, types }: RunParts, figures: SurveyFigures, pictures: number): Promise<void> {
  progress.total = totalOf(figures, types)
  const counts = types.map((type) => `${type} ${figures.totals[type].toLocaleString('en-US')}`).join(', ')
  await context.log('info', `${counted(figures.files, 'file')} of CommerceML with records for ${counts}.`)
  if (pictures > 0) await context.log('info', `${counted(pictures, 'picture or other file', 'pictures and other files')} beside them.`)
  if (figures.orders > 0) await context.log('warning', `${counted(figures.orders, 'order')} in the files: orders are passed over.`)
  for (const name of figures.passed) await context.log('warning', `${name} is no XML text and is passed over.`)
  if (progress.total === 0) await context.log('warning', 'There is nothing of the chosen types in the files: nothing is to be done.')
}

/** Nothing was written, and a person has to say whether it goes on: then another attempt runs with `confirmed`. */
async function held(context: JobContext, question: Question): Promise<Held> {
  await context.log('warning', question.message, { data: question.figures })
  return { status: 'held', question }
}

/** The commit of a former attempt went through, and its answer was lost. */
async function alreadyDone(context: JobContext, state: unknown, options: CommerceRun['options']): Promise<JobOutcome> {
  const { outcome, tally } = state as { outcome: JobOutcome; tally: TallyState }
  await context.log('info', 'Everything is in already: the former attempt had come to its end.')
  await logCounts(context, Tally.fromState(tally), options)
  return outcome
}
