import type { MessagePort } from 'node:worker_threads'
import type { RejectedRecord } from '../../shared/protocol/views.ts'
import { AppError, messageOf } from '../errors.ts'
import type { DeliveryQuestion } from './delivery-book.ts'
import type { JobContext, ProgressUpdate } from './importer.ts'
import { ProgressMeter } from './progress-meter.ts'
import type { FromThread, LogLine, ToThread } from './thread-protocol.ts'

/** Lines and records in one message, characters in them, and how many messages may be on their way before the importer waits. */
const batchSize = 200
const batchCharacters = 256 * 1024
const batchesInFlight = 8

/** The thread's side of the job context: collects lines into batches, waits when storing is slower than logging. */
export class ThreadContext implements JobContext {
  readonly signal: AbortSignal
  readonly #port: MessagePort
  readonly #abort = new AbortController()
  readonly #meter: ProgressMeter
  #lines: LogLine[] = []
  #rejected: RejectedRecord[] = []
  #characters = 0
  #inFlight = 0
  #waiting: (() => void)[] = []
  #scheduled = false
  readonly #asked = new Map<number, (answer: unknown) => void>()
  #questions = 0

  constructor(port: MessagePort) {
    this.#port = port
    this.signal = this.#abort.signal
    this.#meter = new ProgressMeter((message) => this.#post(message))
  }

  /** Takes a message from the server's side; answers true for `end`, which is the last. */
  receive(message: ToThread): boolean {
    if (message.type === 'stop') this.#abort.abort(new AppError(message.code, message.message))
    if (message.type === 'stored') {
      this.#inFlight -= 1
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
    if (message.type === 'answer') {
      this.#asked.get(message.id)?.(message.answer)
      this.#asked.delete(message.id)
    }
    return message.type === 'end'
  }

  async log(level: LogLine['level'], message: string, extra: { stream?: string; data?: unknown } = {}): Promise<void> {
    this.#lines.push({ level, message, ...extra })
    await this.#collected(message.length)
  }

  async reject(record: RejectedRecord): Promise<void> {
    this.#rejected.push(record)
    await this.#collected(record.content?.length ?? 0)
  }

  progress(update: ProgressUpdate): void {
    this.#meter.update(update)
  }

  /** Resolves when the server's side has found that the run is still this attempt's; when it is not, this thread is ended and hears nothing more. */
  async confirm(): Promise<void> {
    this.#send(true)
    await this.flush()
  }

  /** Asks the server's side, behind the lines so far. */
  async ask(question: DeliveryQuestion): Promise<unknown> {
    this.#send()
    const id = ++this.#questions
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#asked.set(id, resolve)
    this.#post({ type: 'ask', id, question })
    return await promise
  }

  fault(thrown: unknown): void {
    const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
    this.#post({ type: 'fault', stack })
  }

  async flush(): Promise<void> {
    this.#send()
    while (this.#inFlight > 0) await this.#answer()
  }

  /** Sends the newest progress now, so that nothing later than it is shown before the outcome. */
  finishProgress(): void {
    this.#meter.finish()
  }

  async #collected(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#lines.length + this.#rejected.length >= batchSize || this.#characters >= batchCharacters) this.#send()
    else this.#schedule()
    while (this.#inFlight >= batchesInFlight) await this.#answer()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  /** With `always`, also when there is nothing to say: storing nothing still finds out whose the run is. */
  #send(always = false): void {
    if (!always && this.#lines.length === 0 && this.#rejected.length === 0) return
    this.#inFlight += 1
    this.#post({ type: 'batch', lines: this.#lines, rejected: this.#rejected })
    this.#lines = []
    this.#rejected = []
    this.#characters = 0
  }

  #answer(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #post(message: FromThread): void {
    this.#port.postMessage(message)
  }
}
