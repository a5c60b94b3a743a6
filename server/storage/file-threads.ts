import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { fileWorkHere, sameContent } from './file-work.ts'
import type { CopyFile, FileWork } from './file-work.ts'
import type { FileHash, HashFile } from './hash-file.ts'

export type FileTask = { do: 'hash'; file: string } | { do: 'compare'; file: string; twin: string } | { do: 'copy'; from: string; to: string }
/** `stop`: four bytes that are 0 until nobody wants the task done any more. */
export type ToFileThread = { task: FileTask; stop: SharedArrayBuffer }
/** What became of a task: `found` by a hash, `same` by a comparison. */
export type Done = { found?: FileHash; same?: boolean }
export type FromFileThread = { done: Done } | { failure: { code: string | undefined; message: string } }

type Job = ToFileThread & { done: PromiseWithResolvers<Done> }

/** With a smaller file this thread is done before another one has heard of it. */
const threadsFrom = 256 * 1024
const mostThreads = Math.min(4, Math.max(2, availableParallelism()))

/**
 * Whole files of this machine, hashed, compared and copied in threads of their own: who delivers to folders reads every byte back, and that is most of what it
 * does. Threads are started when they are needed, and do not hold the process.
 */
export class FileThreads implements FileWork {
  readonly #idle: Worker[] = []
  readonly #at = new Map<Worker, Job>()
  readonly #waiting: Job[] = []
  readonly #known = new Map<string, string>()
  #closed = false

  readonly hash: HashFile = async (file, size, signal) => {
    signal.throwIfAborted()
    if (size < threadsFrom) return await fileWorkHere.hash(file, size, signal)
    const { found } = await this.#do({ do: 'hash', file }, signal)
    return found!
  }

  readonly copy: CopyFile = async (from, to, signal) => {
    await this.#do({ do: 'copy', from, to }, signal)
  }

  /**
   * From now on files that should have this content are compared with this one, byte by byte: that says as much as their hash, for a quarter of the time. It
   * is one that was just hashed, and that nobody changes.
   */
  know(file: string, content: FileHash): void {
    this.#known.set(keyOf(content), file)
  }

  async holds(file: string, content: FileHash, signal: AbortSignal): Promise<boolean> {
    const twin = content.size < threadsFrom ? undefined : this.#known.get(keyOf(content))
    if (twin !== undefined && (await this.#areSame(file, twin, signal))) return true
    return sameContent(await this.hash(file, content.size, signal), content)
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle.splice(0), ...this.#at.keys()]
    await Promise.all(workers.map(async (worker) => await worker.terminate()))
    for (const { done } of this.#waiting.splice(0)) done.reject(lost())
  }

  /** Whoever is told that they are not, or that one can't be read, looks closer. */
  async #areSame(file: string, twin: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { same } = await this.#do({ do: 'compare', file, twin }, signal)
      return same === true
    } catch {
      signal.throwIfAborted()
      return false
    }
  }

  async #do(task: FileTask, signal: AbortSignal): Promise<Done> {
    signal.throwIfAborted()
    const job: Job = { task, stop: new SharedArrayBuffer(4), done: Promise.withResolvers() }
    const stop = () => {
      Atomics.store(new Int32Array(job.stop), 0, 1)
      const at = this.#waiting.indexOf(job)
      if (at >= 0) this.#waiting.splice(at, 1)
      // A thread that copies is waited for: nobody else may write that file meanwhile.
      if (at >= 0 || task.do !== 'copy') job.done.reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#waiting.push(job)
    this.#next()
    try {
      return await job.done.promise
    } catch (thrown) {
      signal.throwIfAborted()
      throw thrown
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#closed) return
    const worker = this.#idle.pop() ?? (this.#at.size < mostThreads ? this.#start() : undefined)
    if (!worker) return
    const job = this.#waiting.shift()!
    this.#at.set(worker, job)
    worker.postMessage({ task: job.task, stop: job.stop } satisfies ToFileThread)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./file-thread.ts', import.meta.url), {
      name: 'files',
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    })
    worker.unref()
    worker.on('message', (answer: FromFileThread) => this.#heard(worker, answer))
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#lost(worker))
    return worker
  }

  #heard(worker: Worker, answer: FromFileThread): void {
    const job = this.#at.get(worker)
    this.#at.delete(worker)
    this.#idle.push(worker)
    if ('failure' in answer) job?.done.reject(Object.assign(new Error(answer.failure.message), { code: answer.failure.code }))
    else job?.done.resolve(answer.done)
    this.#next()
  }

  #lost(worker: Worker): void {
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#at.get(worker)?.done.reject(lost())
    this.#at.delete(worker)
    this.#next()
  }
}

const keyOf = ({ sha256, size }: FileHash) => `${size} ${sha256}`
const lost = () => new Error('the thread that works on files was lost')
