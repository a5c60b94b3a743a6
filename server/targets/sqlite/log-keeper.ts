import { Worker } from 'node:worker_threads'
import type { TargetAddress } from '../target.ts'

/**
 * Brings the write-ahead log of an SQLite database into its file while the thread that writes goes on: that one would stand still for most of a second when the
 * log has become long. It still does so for what is left then, and for all where this fails.
 */
export class LogKeeper {
  readonly #file: string | null
  #thread: { worker: Worker; exited: Promise<void> } | null = null
  #working: PromiseWithResolvers<void> | null = null
  #isClosed = false

  constructor(address: TargetAddress) {
    this.#file = address.dialect === 'sqlite' ? address.file : null
  }

  /** Something was committed. */
  bringIn(): void {
    if (this.#file === null || this.#working || this.#isClosed) return
    this.#working = Promise.withResolvers()
    this.#thread ??= this.#start(this.#file)
    this.#thread.worker.postMessage('bring in')
  }

  /** Ends when it does nothing: SQLite lets one thread bring a log in, and tells another one nothing of it. */
  async rest(): Promise<void> {
    await this.#working?.promise
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#thread?.worker.postMessage('close')
    await this.#thread?.exited
  }

  #start(file: string): { worker: Worker; exited: Promise<void> } {
    const worker = new Worker(new URL('./log-thread.ts', import.meta.url), { workerData: { file }, name: 'log' })
    worker.on('message', () => this.#worked())
    worker.on('error', () => {
      this.#isClosed = true
    })
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve(this.#worked())))
    return { worker, exited }
  }

  #worked(): void {
    this.#working?.resolve()
    this.#working = null
  }
}
