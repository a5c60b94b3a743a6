import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'

export type ToHashWorker = { id: number; pieces: Uint8Array<ArrayBuffer>[]; last?: 'digest' | 'discard' }
/** Each message is answered, so that no more pieces wait than were allowed to. */
export type FromHashWorker = { id: number; sha256?: string }

/** A SHA-256 that grows. `update` takes the pieces away from its caller, who must be done with them. */
export type StreamHash = { update(pieces: Uint8Array<ArrayBuffer>[]): Promise<void>; digest(): Promise<string>; discard(): void }

type Answer = PromiseWithResolvers<string | undefined>

/** Messages on their way for one hash before `update` waits. */
const mostInFlight = 4

/**
 * SHA-256 in a thread of its own, for what is too large to be hashed beside the work of the event loop. Measured: at a gigabyte it saves the event loop
 * 0.6 s of hashing, and as much again of garbage collection, because pieces that are given away are not its garbage.
 */
export class HashThread {
  readonly #answers = new Map<number, Answer[]>()
  #worker: Worker | null = null
  #count = 0

  /** Begins a hash. The thread is started at the first, and does not hold the process. */
  open(): StreamHash {
    const id = ++this.#count
    this.#answers.set(id, [])
    return {
      update: async (pieces) => {
        const waiting = this.#send({ id, pieces: pieces.map(owned) })
        if (waiting.length > mostInFlight) await waiting[0]?.promise
      },
      digest: async () => {
        const sha256 = await this.#send({ id, pieces: [], last: 'digest' }).at(-1)?.promise
        this.#answers.delete(id)
        return sha256 ?? ''
      },
      discard: () => {
        if (!this.#answers.has(id)) return
        this.#send({ id, pieces: [], last: 'discard' })
        this.#answers.delete(id)
      },
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  /** Answers what is on its way for this hash, this message last. Throws when the thread that knew it was lost. */
  #send(message: ToHashWorker): Answer[] {
    const answers = this.#answers.get(message.id)
    if (!answers) throw lost()
    const answer: Answer = Promise.withResolvers()
    // Most answers are not waited for; that the thread was lost is told by the next call.
    answer.promise.catch(() => undefined)
    answers.push(answer)
    const given = message.pieces.map((piece) => piece.buffer)
    this.#running().postMessage(message, given)
    return answers
  }

  #running(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), { name: 'hashing' })
    worker.unref()
    worker.on('message', ({ id, sha256 }: FromHashWorker) => this.#answers.get(id)?.shift()?.resolve(sha256))
    worker.on('error', () => undefined)
    worker.on('exit', () => this.#lost(worker))
    this.#worker = worker
    return worker
  }

  #lost(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null
    // What they had hashed is gone with it: none of them may go on in the next thread.
    const unfinished = [...this.#answers.values()]
    this.#answers.clear()
    for (const answer of unfinished.flat()) answer.reject(lost())
  }
}

/** For what is small: no thread is worth its while. */
export function hashHere(): StreamHash {
  const hash = createHash('sha256')
  return {
    update: async (pieces) => {
      for (const piece of pieces) hash.update(piece)
    },
    digest: async () => hash.digest('hex'),
    discard: () => undefined,
  }
}

const lost = () => new Error('the hashing thread was lost')

/** The piece as the only one in its memory, which can then be given away. */
function owned(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return piece.byteLength === piece.buffer.byteLength ? piece : new Uint8Array(piece)
}
