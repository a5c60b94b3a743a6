import type { WatchedKey } from './foreign-keys.ts'
import type { SqliteValue } from './encode.ts'

/** Gathers the values that the rows of a batch give to a foreign key, each once, without those of which a part is null. */
export class ReferencedValues {
  readonly watched: WatchedKey
  readonly #at: number[]
  readonly #single = new Set<SqliteValue>()
  readonly #several = new Map<string, SqliteValue[]>()

  /** `names` are the columns written, the foreign key's among them. */
  constructor(watched: WatchedKey, names: string[]) {
    this.watched = watched
    this.#at = watched.key.columns.map((name) => names.indexOf(name))
  }

  /** Takes the row whose values stand among others, from `from` on. */
  add(encoded: SqliteValue[], from: number): void {
    if (this.#at.length === 1) {
      const value = encoded[from + (this.#at[0] ?? 0)] ?? null
      if (value !== null) this.#single.add(value)
      return
    }
    const values = this.#at.map((at) => encoded[from + at] ?? null)
    if (!values.includes(null)) this.#several.set(JSON.stringify(values, exact), values)
  }

  /** What was gathered since the last time. */
  take(): SqliteValue[][] {
    const taken = this.#at.length === 1 ? Array.from(this.#single, (value) => [value]) : [...this.#several.values()]
    this.#single.clear()
    this.#several.clear()
    return taken
  }
}

function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { integer: value.toString() } : value
}
