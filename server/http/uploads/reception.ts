import type { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'
import type { Storage } from '../../storage/storage.ts'

/** The files of one request: they share a limit, and a fate. */
export class Reception {
  readonly #storage: Storage
  readonly #maxBytes: number
  readonly #refused = Promise.withResolvers<never>()
  readonly #streams = new Set<Readable>()
  readonly #work = new Set<Promise<unknown>>()
  readonly #keys: string[] = []
  #total = 0
  #passed = 0
  #abandoned = false

  constructor(storage: Storage, maxBytes: number) {
    this.#storage = storage
    this.#maxBytes = maxBytes
    this.#refused.promise.catch(() => undefined)
  }

  /** Rejects as soon as the request can't be taken any more, long before its end. */
  get refused(): Promise<never> {
    return this.#refused.promise
  }

  /** Counts what came. Throws `upload_too_large` above the limit of all files together. */
  count(bytes: number): void {
    this.#total += bytes
    if (this.#total > this.#maxBytes) throw tooLarge(this.#maxBytes)
  }

  /** Counts what of the request was read. Refuses it when far more came than its files hold. */
  pass(bytes: number, mostBesides: number): void {
    this.#passed += bytes
    if (this.#passed - this.#total > mostBesides) this.#refused.reject(new AppError('bad_request', 'The form holds too much besides its files.'))
  }

  /** Receives a file by `work`. What it throws refuses the whole request. */
  async take<T extends { key: string }>(stream: Readable, work: () => Promise<T>): Promise<T> {
    if (this.#abandoned) throw new AppError('upload_truncated', 'The upload was given up before this file.')
    const done = work()
    this.#streams.add(stream)
    this.#work.add(done)
    try {
      const received = await done
      this.#keys.push(received.key)
      return received
    } catch (error) {
      this.#refused.reject(error)
      throw error
    } finally {
      this.#streams.delete(stream)
      this.#work.delete(done)
    }
  }

  /** Ends what is still coming in, and removes all that was kept. Resolves when nothing is left. */
  async abandon(): Promise<void> {
    this.#abandoned = true
    for (const stream of this.#streams) stream.destroy(new AppError('upload_truncated', 'The upload was cut off before its end.'))
    await Promise.allSettled(this.#work)
    await Promise.all(this.#keys.map((key) => this.#storage.remove(key)))
  }
}

export function tooLarge(maxBytes: number): AppError {
  const limitMb = Math.round(maxBytes / 1024 / 1024)
  return new AppError('upload_too_large', `This server takes uploads of up to ${limitMb} MB (setting MAX_UPLOAD_MB). Nothing was kept.`, {
    details: { limitMb },
  })
}
