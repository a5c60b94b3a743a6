import { restoreOptions } from '../../../shared/schemas/restore-options.ts'
import type { RestoreOptions } from '../../../shared/schemas/restore-options.ts'
import { AppError } from '../../errors.ts'
import type { Importer, Job, JobContext, JobOutcome } from '../../jobs/importer.ts'
import type { Checkpoint, Table } from '../../targets/target.ts'
import { checkFiles } from './check/check-files.ts'
import type { Check, Fault } from './check/check-files.ts'
import { findProblems, passedFields } from './check/find-problems.ts'
import { describeTable, inferTables } from './check/infer-tables.ts'
import type { DoneState } from './load/checkpoint-state.ts'
import { loadAllOrNothing } from './load/all-or-nothing.ts'
import { loadKeepGoing } from './load/keep-going.ts'
import { Loader } from './load/loader.ts'
import { Naturals } from './natural/naturals.ts'
import { Identities } from './plan/identities.ts'
import { Plans } from './plan/plans.ts'
import { counted } from './problem.ts'
import { rejected } from './report/excerpt.ts'
import { endedEarly, refuseRun } from './report/outcomes.ts'
import { logCounts, logStart } from './report/run-log.ts'
import { RunProgress } from './report/run-progress.ts'
import { Tally } from './report/tally.ts'
import type { RestoreRun } from './restore-run.ts'
import { wantedRecords } from './source/wanted-records.ts'
import { Catalog } from './schema/catalog.ts'
import { contentTypeTable, permissionTable, splitLabel, tableNames } from './schema/django-models.ts'
import { RecordSource } from './source/record-source.ts'

/** Restores Django fixtures into a target, as `loaddata` would, without Django. See README.md. */
export const importer: Importer<JobOutcome> = { run: restore }

async function restore(job: Job, context: JobContext): Promise<JobOutcome> {
  const { target } = job
  if (!target) throw new AppError('internal', 'A restore needs a target.')
  const options = restoreOptions.parse(job.options)
  const checkpoint = await target.claim({ importId: job.importId, attempt: job.attempt })
  if (checkpoint?.done) return await alreadyDone(context, options, checkpoint)
  await logStart(context, job.files, target, options)
  const progress = new RunProgress(context)
  try {
    const tables = await target.readSchema()
    const check = await readFiles(job, context, options, tables, progress)
    progress.total = check.total + check.damages.length
    await context.log('info', `The files hold ${counted(check.total, 'record')} of ${counted(check.models.length, 'model')}.`)
    if (check.total === 0) await context.log('warning', 'There is no record in the files: nothing is to be done.')
    const run = plan({ job, context, options, target, tables, check, progress })
    for (const table of run.newTables) await context.log('info', describeTable(table))
    const faults = await reportProblems(run)
    if (faults) return faults
    return options.mode === 'keep_going' ? await loadKeepGoing(run, checkpoint?.state) : await loadAllOrNothing(run)
  } catch (thrown) {
    return await checkFailed(thrown, context, progress)
  }
}

/** The commit of a former attempt went through, and its answer was lost. */
async function alreadyDone(context: JobContext, options: RestoreOptions, { state }: Checkpoint): Promise<JobOutcome> {
  const { outcome, tally } = state as DoneState
  await context.log('info', 'Everything is in already: the former attempt had come to its end.')
  await logCounts(context, Tally.fromState(tally), options)
  return outcome
}

async function readFiles(job: Job, context: JobContext, options: RestoreOptions, tables: Table[], progress: RunProgress): Promise<Check> {
  const catalog = new Catalog(tables)
  const nothing = new Tally()
  const wants = wantedRecords(job.only)
  return await checkFiles(new RecordSource(job.files), {
    signal: context.signal,
    ...(wants && { wants }),
    hasTable: (label) => {
      const parts = splitLabel(label)
      return parts !== null && catalog.findAny(tableNames(parts.app, parts.model)) !== null
    },
    passDamages: options.mode === 'keep_going',
    onRead: ({ read, size }, records) => progress.show('check', size === 0 ? 1 : read / size, records, nothing, 'Reading the files'),
  })
}

type PlanParts = Pick<RestoreRun, 'job' | 'context' | 'options' | 'target' | 'check' | 'progress'> & { tables: Table[] }

/** Settles which models go to which tables, those included that are to be made. */
function plan({ tables, ...parts }: PlanParts): RestoreRun {
  const { job, context, options, target, check } = parts
  const existing = new Catalog(tables)
  const missing = check.models.filter(({ label }) => {
    const model = splitLabel(label)
    return model !== null && existing.findAny(tableNames(model.app, model.model)) === null
  })
  const newTables = (options.createTables ?? tables.length === 0) ? inferTables(missing, check.models) : []
  const catalog = new Catalog([...tables, ...newTables])
  const naturals = new Naturals(catalog)
  const identities = new Identities()
  if (check.identities.contentTypes.length > 0) identities.open(contentTypeTable)
  if (check.identities.permissions.length > 0) identities.open(permissionTable)
  const plans = new Plans({ catalog, naturals, identities, naive: naiveNotice(context) }, new Date().toISOString())
  return {
    ...parts,
    target,
    fence: { importId: job.importId, attempt: job.attempt },
    source: new RecordSource(job.files),
    wants: wantedRecords(job.only),
    catalog,
    newTables,
    plans,
    naturals,
    identities,
    loader: new Loader(plans, naturals),
  }
}

/** One line for each column, however many values. */
function naiveNotice(context: JobContext): (table: string, column: string) => void {
  const told = new Set<string>()
  return (table, column) => {
    const name = `${table}.${column}`
    if (told.has(name)) return
    told.add(name)
    void context.log('warning', `Column "${column}" of table "${table}": dates and times without a zone are taken as UTC.`)
  }
}

/** What the check found. All or nothing ends here with it; a run that keeps going says it and leaves the records out. */
async function reportProblems(run: RestoreRun): Promise<JobOutcome | null> {
  const { check, plans, context, options } = run
  const problems = findProblems(check.models, plans)
  for (const line of passedFields(check.models, plans)) await context.log('warning', line)
  const faults: Fault[] = [...problems, ...check.faults]
  if (faults.length === 0) return null
  if (options.mode === 'all_or_nothing') return await refuseRun(context, check.total, faults, check.broken - check.faults.length)
  for (const { problem, records } of problems.slice(0, 50))
    await context.log('error', `${problem.message} ${counted(records, 'record is', 'records are')} left out for it.`)
  return null
}

/** The check itself could not come to its end: a file is damaged, or the run was stopped. Nothing was written. */
async function checkFailed(thrown: unknown, context: JobContext, progress: RunProgress): Promise<JobOutcome> {
  const outcome = endedEarly(thrown, context.signal, new Tally().ledger(progress.total))
  if (outcome.status !== 'failed') return outcome
  await context.log('error', `${outcome.error.message} Nothing was written.`)
  const place = outcome.error.details
  if (typeof place?.['file'] === 'string' && typeof place['record'] === 'number') {
    const { file, record, byte, line } = place as { file: string; record: number; byte?: number; line?: number }
    await context.reject(rejected({ file, record, byte: byte ?? 0, ...(line !== undefined && { line }) }, outcome.error))
  }
  return outcome
}
