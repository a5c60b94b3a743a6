import { parentPort, workerData } from 'node:worker_threads'
import { AppError, toAppError } from '../errors.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { openTarget, openTargetApart } from '../targets/registry.ts'
import type { Target } from '../targets/target.ts'
import { confirmedTarget } from './confirmed-target.ts'
import { watchHeap } from './heap-watch.ts'
import type { Importer, Job, JobOutcome } from './importer.ts'
import { jobFiles } from './job-files.ts'
import { ThreadContext } from './thread-context.ts'
import { threadDeliveryBook } from './thread-delivery-book.ts'
import type { FromThread, ThreadInput, ThreadOutcome, ToThread } from './thread-protocol.ts'

/**
 * The body of an attempt's thread. It opens the target, runs the importer and says how it went; then it waits until that is stored, removes its
 * checkpoint from the target if told so, and ends.
 */
const input = workerData as ThreadInput
const port = parentPort
if (!port) throw new Error('attempt-thread.ts runs as a worker thread')

const context = new ThreadContext(port)
const ended = Promise.withResolvers<{ forget: boolean }>()
port.on('message', (message: ToThread) => {
  if (context.receive(message) && message.type === 'end') ended.resolve({ forget: message.forget })
})

const nothing = { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }

async function attempt(importer: Importer, target: Target | undefined): Promise<ThreadOutcome> {
  try {
    const { importId, attempt, options } = input
    const only = input.only ?? undefined
    const storage = await openStorage(input.storage)
    const files = jobFiles(input.files, storage)
    const confirmed = target && confirmedTarget(target, async () => await context.confirm())
    const bulk = bulkPorts(storage)
    const parts = { ...(only && { only }), ...(confirmed && { target: confirmed }), ...(bulk && { bulk }) }
    return await importer.run({ importId, attempt, options, files, ...parts }, context)
  } catch (thrown) {
    return failure(thrown)
  }
}

function bulkPorts(storage: Storage): Job['bulk'] {
  const book = threadDeliveryBook(async (question) => await context.ask(question))
  return input.bulk ? { ...input.bulk, book, uploads: input.files, storage, fault: (thrown) => context.fault(thrown) } : undefined
}

function failure(thrown: unknown): ThreadOutcome {
  const stopped: unknown = context.signal.aborted ? context.signal.reason : undefined
  if (stopped instanceof AppError && stopped.code === 'shutting_down') return { status: 'interrupted' }
  if (stopped instanceof AppError) return { status: 'cancelled', ledger: nothing, error: { code: stopped.code, message: stopped.message } }
  const error = toAppError(thrown)
  // It goes to the server's log, not to the people who watch: it may quote paths and contents.
  if (error.code === 'internal') context.fault(thrown)
  const message = error.code === 'internal' ? 'The importer failed in a way that nobody foresaw. The server log has the reason.' : error.message
  return {
    status: 'failed',
    ledger: nothing,
    error: { code: error.code, message, ...(error.details && { details: error.details }) },
  } satisfies JobOutcome
}

async function main(): Promise<void> {
  let target: Target | undefined
  let outcome: ThreadOutcome
  const stopWatching = watchHeap(input.memoryMb, () => port!.postMessage({ type: 'out_of_memory' } satisfies FromThread))
  try {
    const { importer } = (await import(input.importerModule)) as { importer: Importer }
    target = input.target ? await (importer.readsOn ? openTargetApart : openTarget)(input.target) : undefined
    outcome = await attempt(importer, target)
  } catch (thrown) {
    outcome = failure(thrown)
  }
  stopWatching()
  context.finishProgress()
  await context.flush()
  port!.postMessage({ type: 'outcome', outcome } satisfies FromThread)
  const { forget } = await ended.promise
  try {
    if (forget) await target?.forget(input.importId)
  } finally {
    await target?.close()
    port!.close()
  }
}

await main()
