import { bulkOptions } from '../../../shared/schemas/bulk-options.ts'
import { AppError } from '../../errors.ts'
import type { Importer, Job, JobContext, JobOutcome } from '../../jobs/importer.ts'
import { FileThreads } from '../../storage/file-threads.ts'
import { HashThread } from '../../storage/hash-thread.ts'
import { Heads } from './copies/heads.ts'
import { abandonBegun } from './run/abandon-begun.ts'
import { AccountLanes } from './run/account-lane.ts'
import type { BulkRun } from './run/bulk-run.ts'
import { deliverAll } from './run/deliver-all.ts'
import { RunProgress } from './run/run-progress.ts'
import { CheckedFiles } from './steps/checked-files.ts'

/** Delivers each file to each account, as a copy of its own. See README.md. */
export const importer: Importer<JobOutcome> = { run: runBulk }

async function runBulk(job: Job, context: JobContext): Promise<JobOutcome> {
  const { importId, bulk: ports, files } = job
  if (!ports) throw new AppError('internal', 'A bulk upload needs its deliveries.')
  const [fileWork, hashing] = [new FileThreads(), new HashThread()]
  const run: BulkRun = {
    importId,
    options: bulkOptions.parse(job.options),
    ports,
    context,
    fileWork,
    hashing,
    heads: new Heads(ports.storage),
    files: new CheckedFiles({ files, uploads: ports.uploads, storage: ports.storage, fileWork, signal: context.signal }),
    lanes: new AccountLanes(ports, fileWork),
    progress: new RunProgress(context, await ports.book.counts()),
  }
  await context.log(
    'info',
    `${counted(files.length, 'file')} to ${counted(ports.accounts.length, 'account')}: ${counted(run.progress.ledger.total ?? 0, 'delivery')}.`,
  )
  run.progress.report()
  try {
    await deliverAll(run)
  } catch (thrown) {
    const reason: unknown = context.signal.reason
    if (!(reason instanceof AppError) || reason.code !== 'cancelled') throw thrown
    await abandonBegun(run)
    return { status: 'cancelled', ledger: run.progress.ledger, error: { code: 'cancelled', message: reason.message } }
  } finally {
    await run.lanes.close()
    await fileWork.close()
    await hashing.close()
  }
  run.progress.recount(await ports.book.counts())
  return await ended(run)
}

async function ended({ context, progress }: BulkRun): Promise<JobOutcome> {
  const { ledger } = progress
  const [undone, stopped] = [(ledger.total ?? 0) - ledger.succeeded - ledger.skipped, progress.countOf('stopped')]
  const done = `${counted(ledger.succeeded, 'delivery')} arrived`
  if (undone === 0) {
    await context.log('info', `${done}${ledger.skipped > 0 ? `, ${counted(ledger.skipped, 'duplicate')} left out` : ''}.`)
    return { status: 'succeeded', ledger }
  }
  const message = `${done}, ${ledger.failed} failed${stopped > 0 ? `, ${stopped} were stopped with their accounts` : ''}.`
  await context.log('warning', message)
  if (ledger.succeeded > 0) return { status: 'partly_failed', ledger }
  return {
    status: 'failed',
    ledger,
    error: { code: 'destination_refused', message: `No delivery arrived: ${ledger.failed} failed, ${stopped} were stopped with their accounts.` },
  }
}

function counted(count: number, word: string): string {
  const plural = word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`
  return `${count.toLocaleString('en-US')} ${count === 1 ? word : plural}`
}
