import { existsSync, rmSync, watch } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { AppError } from '../../../server/errors.ts'
import type { Held, Importer, Job, JobContext, JobOutcome } from '../../../server/jobs/importer.ts'
import type { Ledger } from '../../../shared/protocol/views.ts'
import { script } from './script.ts'
import type { Script } from './script.ts'

type Step = Script[number]
type Figures = { ledger: Ledger; percent: number }

/** Does what its file says, step by step: a run whose moments a test can choose. */
export const importer: Importer = {
  async run(job: Job, context: JobContext): Promise<JobOutcome | Held> {
    const [file] = job.files
    if (!file) throw new Error('a scripted run has a file')
    const steps = script.parse(JSON.parse((await buffer(file.open())).toString('utf8')))
    const ledger: Ledger = { total: steps.length, succeeded: steps.length, failed: 0, skipped: 0, notReached: 0 }
    for (const step of steps) {
      context.signal.throwIfAborted()
      if ('hold' in step && !isConfirmed(job)) return { status: 'held', question: { message: step.hold, figures: { removed: 7, of: 20 } } }
      if ('end' in step) return outcome(step.end, ledger)
      await perform(step, job, context, { ledger, percent: 0 })
    }
    await context.flush()
    return { status: 'succeeded', ledger }
  },
}

function isConfirmed({ options }: Job): boolean {
  return typeof options === 'object' && options !== null && 'confirmed' in options
}

async function perform(step: Step, job: Job, context: JobContext, { ledger }: Figures): Promise<void> {
  if ('log' in step) {
    const { log, level, ...extra } = step
    await context.log(level ?? 'info', log, {
      ...(extra.stream !== undefined && { stream: extra.stream }),
      ...('data' in extra && { data: extra.data }),
    })
  }
  if ('lines' in step) {
    for (let line = 1; line <= step.lines; line++) await context.log('info', `line ${line} `.padEnd(step.length ?? 0, '.'))
  }
  if ('progress' in step) {
    const { progress, done = 0, total = null } = step
    context.progress({ percent: progress, done, total, unit: 'records', ledger })
  }
  if ('reject' in step) {
    const { reject, reason = 'refused', content = '{}' } = step
    await context.reject({ file: job.files[0]!.name, record: reject, byte: 0, code: 'value_invalid', reason, content })
  }
  if ('until' in step) await fileToAppear(step.until, step.deaf ? undefined : context.signal)
  if ('read' in step) for (const file of job.files) await buffer(file.open())
  if ('throw' in step) throw new Error(step.throw)
  if ('awayWhile' in step && isDue(step.awayWhile, step.once)) throw new AppError('target_unreachable', 'The target is away.')
  if ('crash' in step && isDue(step.while, step.once)) await die(context)
  if ('kill' in step && (step.while === undefined || existsSync(step.while))) process.kill(process.pid, 'SIGKILL')
  if ('fill' in step) fillMemory()
}

/** Resolves when the file is there; rejects with the reason of the signal. */
export async function fileToAppear(file: string, signal: AbortSignal | undefined): Promise<void> {
  const watcher = watch(path.dirname(file), signal ? { signal } : {})
  try {
    while (!existsSync(file)) await once(watcher, 'change', signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    watcher.close()
  }
}

/** Whether a step is to be done: its file is there, or it needs none. What is done once takes its file away. */
function isDue(file: string | undefined, once = false): boolean {
  if (file === undefined) return true
  if (!existsSync(file)) return false
  if (once) rmSync(file)
  return true
}

async function die(context: JobContext): Promise<void> {
  await context.flush()
  process.exit(9)
}

function fillMemory(): never {
  const kept: object[] = []
  for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })))
}

function outcome(status: 'succeeded' | 'partly_failed' | 'failed', ledger: Ledger): JobOutcome {
  if (status !== 'failed') return { status, ledger: status === 'succeeded' ? ledger : { ...ledger, succeeded: ledger.succeeded - 1, failed: 1 } }
  return {
    status,
    ledger: { ...ledger, succeeded: 0, failed: 1, notReached: ledger.succeeded - 1 },
    error: { code: 'record_invalid', message: 'As the script says.' },
  }
}
