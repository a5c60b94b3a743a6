import { Worker } from 'node:worker_threads'
import type { ErrorCode } from '../../shared/protocol/errors.ts'
import { AppError } from '../errors.ts'
import type { DeliveryQuestion } from './delivery-book.ts'
import { heldMb } from './heap-watch.ts'
import type { FromThread, ThreadInput, ThreadOutcome, ToThread } from './thread-protocol.ts'

/** What comes out of a thread while it works. `batch` is awaited before the thread is told to go on. */
export type ThreadEvents = {
  batch(message: Extract<FromThread, { type: 'batch' }>): Promise<void>
  progress(message: Extract<FromThread, { type: 'progress' }>): void
  /** A throw ends the attempt. */
  answer(question: DeliveryQuestion): Promise<unknown>
  /** An error that nobody foresaw, for the server's log. */
  fault(stack: string): void
  /** Anything at all came: the thread lives. */
  alive(): void
}

/** The thread ended without saying how the run went. */
export type Crash = { status: 'crashed'; outOfMemory: boolean; message: string }

/**
 * Memory above a run's own limit before V8 steps in. It must never come to that: V8 ends the thread when it notices in time, and the process when a single
 * allocation goes beyond.
 */
const headroomMb = 1024
/** Room for what is new and mostly gone soon. V8 would take three times as much, and run no faster for it. */
const youngMb = 16
const lookEveryMs = 250

/** One thread for one attempt, with a memory limit of its own, so that no file can take the server down or stall it. */
export class AttemptWorker {
  readonly #worker: Worker
  readonly #events: ThreadEvents
  readonly #outcome = Promise.withResolvers<ThreadOutcome | Crash>()
  readonly #exited = Promise.withResolvers<number>()
  #batches: Promise<void> = Promise.resolve()

  constructor(input: ThreadInput, events: ThreadEvents) {
    this.#events = events
    this.#worker = new Worker(new URL('./attempt-thread.ts', import.meta.url), {
      workerData: input,
      resourceLimits: { maxOldGenerationSizeMb: input.memoryMb + headroomMb, maxYoungGenerationSizeMb: youngMb },
      name: input.importId,
    })
    const guard = setInterval(() => void this.#look(input.memoryMb + headroomMb / 2), lookEveryMs)
    this.#worker.on('message', (message: FromThread) => this.#receive(message))
    this.#worker.on('error', (error) => this.#crashed(error))
    this.#worker.on('exit', (code) => {
      clearInterval(guard)
      this.#outcome.resolve({ status: 'crashed', outOfMemory: false, message: `The worker thread ended with code ${code}.` })
      this.#exited.resolve(code)
    })
  }

  /** How the run went, after everything that the thread had said before is stored. Rejects when storing failed. */
  async outcome(): Promise<ThreadOutcome | Crash> {
    const outcome = await this.#outcome.promise
    await this.#batches
    return outcome
  }

  /** Asks the importer to stop between two batches. */
  stop(code: ErrorCode, message: string): void {
    this.#post({ type: 'stop', code, message })
  }

  /** Ends the thread at once. Its open transaction is undone by the database. */
  async kill(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Ends the thread at once because the run is another worker's: nothing that it still says is kept. */
  fence(): void {
    this.#outcome.reject(new AppError('fenced', 'A newer attempt of this run is at work.'))
    void this.kill()
  }

  /** Lets the thread go after its outcome is stored, and waits until it is gone. Answers whether it did all that was left to do. */
  async end(forget: boolean): Promise<boolean> {
    this.#post({ type: 'end', forget })
    return (await this.#exited.promise) === 0
  }

  async exited(): Promise<void> {
    await this.#exited.promise
  }

  #receive(message: FromThread): void {
    this.#events.alive()
    if (message.type === 'progress') this.#events.progress(message)
    if (message.type === 'out_of_memory') this.#endForMemory()
    if (message.type === 'fault') this.#events.fault(message.stack)
    if (message.type === 'outcome') this.#outcome.resolve(message.outcome)
    if (message.type === 'batch') this.#batches = this.#batches.then(() => this.#keep(message))
    if (message.type === 'ask') this.#batches = this.#batches.then(() => this.#answer(message))
    // A batch that could not be stored ends the attempt: a log with a hole is worse than a run that must be tried again.
    this.#batches.catch((error: unknown) => this.#outcome.reject(error))
  }

  async #keep(message: Extract<FromThread, { type: 'batch' }>): Promise<void> {
    await this.#events.batch(message)
    this.#post({ type: 'stored' })
  }

  async #answer({ id, question }: Extract<FromThread, { type: 'ask' }>): Promise<void> {
    this.#post({ type: 'answer', id, answer: await this.#events.answer(question) })
  }

  /** A thread that is too busy to look after its own memory is looked after from here. */
  async #look(mostMb: number): Promise<void> {
    const statistics = await this.#worker.getHeapStatistics().catch(() => null)
    if (statistics && heldMb(statistics) > mostMb) this.#endForMemory()
  }

  #endForMemory(): void {
    this.#outcome.resolve({ status: 'crashed', outOfMemory: true, message: 'The worker thread needs more memory than it may have.' })
    void this.kill()
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #crashed(error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code
    const message = error instanceof Error ? error.message : String(error)
    this.#outcome.resolve({ status: 'crashed', outOfMemory: code === 'ERR_WORKER_OUT_OF_MEMORY', message })
  }
}
