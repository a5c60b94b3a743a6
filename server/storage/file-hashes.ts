import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { hashFileHere } from './hash-file.ts'
import type { FileHash, HashFile } from './hash-file.ts'

/** `stop`: four bytes that are 0 until nobody wants the hash any more. */
export type ToFileHashWorker = { file: string; stop: SharedArrayBuffer }
export type FromFileHashWorker = { found: FileHash } | { failure: { code: string | undefined; message: string } }

type Job = ToFileHashWorker & { done: PromiseWithResolvers<FileHash> }

/** A smaller file is hashed before a thread has heard of it. */
const threadsFrom = 256 * 1024
const mostThreads = Math.min(4, Math.max(2, availableParallelism()))

/**
 * SHA-256 of files of this machine, read and hashed in threads of their own: who delivers reads every byte back, and that is most of what it does. Threads are
 * started when they are needed, and do not hold the process.
 */
export class FileHashes {
  readonly #idle: Worker[] = []
  readonly #at = new Map<Worker, Job>()
  readonly #waiting: Job[] = []
  #closed = false

  readonly of: HashFile = async (file, size, signal) => {
    signal.throwIfAborted()
    return await (size < threadsFrom ? hashFileHere : this.#ofThread)(file, size, signal)
  }

  readonly #ofThread: HashFile = async (file, _size, signal) => {
    const job: Job = { file, stop: new SharedArrayBuffer(4), done: Promise.withResolvers() }
    const stop = () => {
      Atomics.store(new Int32Array(job.stop), 0, 1)
      job.done.reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#waiting.push(job)
    this.#next()
    try {
      return await job.done.promise
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle.splice(0), ...this.#at.keys()]
    await Promise.all(workers.map(async (worker) => await worker.terminate()))
    for (const { done } of this.#waiting.splice(0)) done.reject(lost())
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#closed) return
    const worker = this.#idle.pop() ?? (this.#at.size < mostThreads ? this.#start() : undefined)
    if (!worker) return
    const job = this.#waiting.shift()!
    this.#at.set(worker, job)
    worker.postMessage({ file: job.file, stop: job.stop } satisfies ToFileHashWorker)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./file-hash-worker.ts', import.meta.url), {
      name: 'hashing files',
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    })
    worker.unref()
    worker.on('message', (answer: FromFileHashWorker) => {
      const job = this.#at.get(worker)
      this.#at.delete(worker)
      this.#idle.push(worker)
      if ('found' in answer) job?.done.resolve(answer.found)
      else job?.done.reject(Object.assign(new Error(answer.failure.message), { code: answer.failure.code }))
      this.#next()
    })
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#lost(worker))
    return worker
  }

  #lost(worker: Worker): void {
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#at.get(worker)?.done.reject(lost())
    this.#at.delete(worker)
    this.#next()
  }
}

const lost = () => new Error('the thread that hashes files was lost')
