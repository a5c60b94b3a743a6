/** A map that forgets what was least lately asked for when it is full. */
export class BoundedCache<V> {
  readonly #limit: number
  #entries = new Map<string, V>()
  #former = new Map<string, V>()

  /** Holds between `limit` and twice as many entries. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) return value
    const former = this.#former.get(key)
    if (former !== undefined) this.set(key, former)
    return former
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value)
    if (this.#entries.size < this.#limit) return
    this.#former = this.#entries
    this.#entries = new Map()
  }

  clear(): void {
    if (this.#entries.size > 0) this.#entries = new Map()
    if (this.#former.size > 0) this.#former = new Map()
  }
}
