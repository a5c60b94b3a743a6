import type { HashThread, StreamHash } from '../../storage/hash-thread.ts'

/** Interrupted uploads whose hash so far is remembered. */
const mostKept = 1000

/**
 * The SHA-256 of uploads that are interrupted, as far as they came: what goes on in the same process need not be read again. Forgets the oldest, and what went
 * on elsewhere.
 */
export class RunningHashes {
  readonly #hashing: HashThread
  readonly #kept = new Map<string, { at: number; hash: StreamHash }>()

  constructor(hashing: HashThread) {
    this.#hashing = hashing
  }

  /** The hash of the first `at` bytes of an upload, or null when it is not known. */
  take(uploadId: string, at: number): StreamHash | null {
    const kept = this.#kept.get(uploadId)
    this.#kept.delete(uploadId)
    if (kept?.at === at) return kept.hash
    kept?.hash.discard()
    return at === 0 ? this.#hashing.open() : null
  }

  keep(uploadId: string, at: number, hash: StreamHash): void {
    this.drop(uploadId)
    this.#kept.set(uploadId, { at, hash })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.drop(oldest)
  }

  drop(uploadId: string): void {
    this.#kept.get(uploadId)?.hash.discard()
    this.#kept.delete(uploadId)
  }
}
