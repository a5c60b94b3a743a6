import type { Readable } from 'node:stream'
import type { Storage } from '../../../storage/storage.ts'
import { firstBytes, headBytes, mayBearMark } from './find-place.ts'

/** Deliveries come in turns over the accounts: those that are under way at the same time are of few files. */
const mostKept = 16

/** The beginnings of stored files, of which each account's copy wants the same; only the first bytes of those that bear no mark anyway. */
export class Heads {
  readonly #storage: Storage
  readonly #kept = new Map<string, Promise<Buffer>>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  async of({ key, size }: { key: string; size: number }): Promise<Buffer> {
    const head = this.#kept.get(key) ?? this.#read(key, size)
    this.#kept.delete(key)
    this.#kept.set(key, head)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest)
    try {
      return await head
    } catch (thrown) {
      this.#kept.delete(key)
      throw thrown
    }
  }

  async #read(key: string, size: number): Promise<Buffer> {
    const bytes = async (end: number) => await readAll(this.#storage.read(key, { start: 0, end: Math.min(end, size) }))
    const first = await bytes(firstBytes)
    return mayBearMark(first) ? await bytes(headBytes) : first
  }
}

/** All bytes of a stream that is short. */
export async function readAll(stream: Readable): Promise<Buffer> {
  return Buffer.concat((await stream.toArray()) as Buffer[])
}
