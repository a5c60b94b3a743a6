import { setTimeout as delay } from 'node:timers/promises'
import { newId } from '../../auth/secrets.ts'
import type { Upload } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import type { Lease, Leases } from '../../locks/leases.ts'
import type { Uploads } from './uploads.ts'

/** The right to work on one upload. `upload` is its row as it was when the right was given. */
export type UploadHold = { upload: Upload; release(): Promise<void> }

type Working = { stop: () => void; ended: Promise<void> }

/** A process that is gone keeps an upload so long. */
const leaseMs = 10_000
const lookEveryMs = 1000
const askAgainMs = 50

/**
 * One request at a time works on an upload, of all processes together. The newest wins: a client that asks anew has given its former connection up, whether
 * the server has noticed or not. Whoever works is told to stop, keeps what came, and lets go; one that is gone loses its lease; one that wakes up later finds
 * that its number is not the row's any more, and can note nothing.
 */
export class UploadHolds {
  readonly #uploads: Uploads
  readonly #leases: Leases
  readonly #working = new Map<string, Working>()

  constructor(uploads: Uploads, leases: Leases) {
    this.#uploads = uploads
    this.#leases = leases
  }

  /** `stop` is called at most once, when the hold must be released soon. Throws `not_found`, and `in_use` when a newer request came or the wait was in vain. */
  async take(id: string, stop: () => void, waitMs = 2 * leaseMs): Promise<UploadHold> {
    const claim = await this.#uploads.claim(id)
    const until = performance.now() + waitMs
    for (;;) {
      const lease = await this.#acquire(id, claim)
      if (lease) return await this.#begin(id, claim, lease, stop)
      if (performance.now() > until || !(await this.#uploads.stands(id, claim))) throw inUse()
    }
  }

  /** Stops all work of this process; resolves when what came is kept. */
  async stopAll(): Promise<void> {
    const working = [...this.#working.values()]
    for (const { stop } of working) stop()
    await Promise.all(working.map(async ({ ended }) => await ended))
  }

  /** Waits for whoever works on it here, or a moment for whoever does elsewhere. */
  async #acquire(id: string, claim: number): Promise<Lease | null> {
    const here = this.#working.get(id)
    if (here) {
      here.stop()
      await Promise.race([here.ended, delay(leaseMs, undefined, { ref: false })])
    }
    const lease = await this.#leases.acquire(`upload/${id}`, `${claim}/${newId()}`, leaseMs)
    if (!lease) await delay(askAgainMs, undefined, { ref: false })
    return lease
  }

  async #begin(id: string, claim: number, lease: Lease, stop: () => void): Promise<UploadHold> {
    const ended = Promise.withResolvers<void>()
    const working = { stop: once(stop), ended: ended.promise }
    this.#working.set(id, working)
    const timer = setInterval(() => void this.#look(id, claim, lease, working).catch(() => undefined), lookEveryMs)
    const release = async () => {
      clearInterval(timer)
      this.#working.delete(id)
      // It ends by itself when the store can't be reached now.
      await lease.release().catch(() => undefined)
      ended.resolve()
    }
    try {
      const upload = await this.#uploads.begin(id, claim)
      if (!upload) throw inUse()
      return { upload, release }
    } catch (thrown) {
      await release()
      throw thrown
    }
  }

  async #look(id: string, claim: number, lease: Lease, working: Working): Promise<void> {
    const stands = await this.#uploads.stands(id, claim)
    // Not renewed once it was released: it would be taken again.
    if (this.#working.get(id) !== working) return
    if (!stands || !(await lease.renew())) working.stop()
    if (this.#working.get(id) !== working) await lease.release()
  }
}

function inUse(): AppError {
  return new AppError('in_use', 'Another request goes on with this upload.', { status: 423 })
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}
