import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { fileWorkHere, sameContent } from './file-work.ts'
import type { CopyFile, FileWork } from './file-work.ts'
import type { FileHash, HashFile } from './hash-file.ts'

/**
 * What is done with `file` while `source` is read: it is hashed (then both are the same), compared with it, or made as a copy of it. `inode` tells which file is
 * read, whatever name it has.
 */
type FileTask = { do: 'hash' | 'compare' | 'copy'; source: string; inode: string; file: string }
/** `stop`: four bytes that are 0 until nobody wants it done any more. */
export type Part = { source: string; file: string; stop: SharedArrayBuffer }
/** The sources of all parts are one file. */
export type ToFileThread = { do: FileTask['do']; parts: Part[] }
/** What became of a task: `found` by a hash, `same` by a comparison, the `size` of a copy. */
export type Done = { found?: FileHash; same?: boolean; size?: number }
export type Answer = { done: Done } | { failure: { code: string | undefined; message: string } }
/** One for each part. */
export type FromFileThread = Answer[]

/**
 * What is copied has a long way to the disk, and needs nobody on it: the sooner it leaves, the better. Files are hashed to be copied. What arrived is looked
 * at when there is nothing else to do.
 */
const urgency = { copy: 2, hash: 1, compare: 0 } as const

type Job = { task: FileTask; stop: SharedArrayBuffer; done: PromiseWithResolvers<Done> }

/** With a smaller file this thread is done before another one has heard of it. */
const threadsFrom = 256 * 1024
const mostThreads = Math.min(4, Math.max(2, availableParallelism()))
/** For whom a file is read at once, at most. */
const mostTogether = 32

/**
 * Whole files of this machine, hashed, compared and copied in threads of their own: who delivers to folders reads every byte back, and that is most of what it
 * does. What waits for a thread and wants the same file read is done in one reading: a file that goes to ten folders is read once, not ten times. Threads are
 * started when they are needed, and do not hold the process.
 */
export class FileThreads implements FileWork {
  readonly #idle: Worker[] = []
  readonly #at = new Map<Worker, Job[]>()
  readonly #waiting: Job[] = []
  readonly #known = new Map<string, string>()
  #closed = false

  readonly hash: HashFile = async (file, size, signal) => {
    signal.throwIfAborted()
    if (size < threadsFrom) return await fileWorkHere.hash(file, size, signal)
    const { found } = await this.#do({ do: 'hash', source: file, inode: file, file }, signal)
    return found!
  }

  readonly copy: CopyFile = async (from, to, signal) => {
    const { dev, ino } = await stat(from, { bigint: true })
    const { size } = await this.#do({ do: 'copy', source: from, inode: `${dev} ${ino}`, file: to }, signal)
    return size!
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
      const { same } = await this.#do({ do: 'compare', source: twin, inode: twin, file }, signal)
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
    const jobs = this.#taken()
    this.#at.set(worker, jobs)
    const parts = jobs.map(({ task: { source, file }, stop }) => ({ source, file, stop }))
    worker.postMessage({ do: jobs[0]!.task.do, parts } satisfies ToFileThread)
  }

  /** What is most urgent, of that what waited longest, with all that want the same. */
  #taken(): Job[] {
    const { task } = this.#waiting.reduce((first, job) => (urgency[job.task.do] > urgency[first.task.do] ? job : first))
    const jobs = this.#waiting.filter((job) => job.task.do === task.do && job.task.inode === task.inode).slice(0, mostTogether)
    for (const job of jobs) this.#waiting.splice(this.#waiting.indexOf(job), 1)
    return jobs
  }

  #start(): Worker {
    const worker = new Worker(new URL('./file-thread.ts', import.meta.url), {
      name: 'files',
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    })
    worker.unref()
    worker.on('message', (answers: FromFileThread) => this.#heard(worker, answers))
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#lost(worker))
    return worker
  }

  #heard(worker: Worker, answers: FromFileThread): void {
    const jobs = this.#at.get(worker) ?? []
    this.#at.delete(worker)
    this.#idle.push(worker)
    for (const [index, { done }] of jobs.entries()) {
      const answer = answers[index]!
      if ('failure' in answer) done.reject(Object.assign(new Error(answer.failure.message), { code: answer.failure.code }))
      else done.resolve(answer.done)
    }
    this.#next()
  }

  #lost(worker: Worker): void {
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    for (const { done } of this.#at.get(worker) ?? []) done.reject(lost())
    this.#at.delete(worker)
    this.#next()
  }
}

const keyOf = ({ sha256, size }: FileHash) => `${size} ${sha256}`
const lost = () => new Error('the thread that works on files was lost')
