import type { Said } from '../model/change.ts'
import type { Entity } from '../schema/tables.ts'

/** 16 MiB each, whatever the size of the files: beyond what they hold the target is asked. */
const filterBits = 2 ** 27
const slots = 2 ** 21
const mostTaken = slots * 0.75

/** A key, or the cells in which it stands from one place to another. */
type Key = [cells: Said[], from?: number, to?: number]

/**
 * What a run knows of the rows of its source without asking the target. Of entities that had no rows when it began, the keys that it wrote are noted in a
 * filter: what is not in it is certainly not there. The keys of products and offers that it saw are kept as prints of 64 bits.
 */
export class KnownKeys {
  readonly #had: ReadonlySet<string>
  #isTrusted = true
  readonly #filter = new Uint32Array(filterBits / 32)
  readonly #prints = new Uint32Array(slots * 2)
  readonly #hash = new KeyHash()
  #taken = 0

  /** @param had the entities that have rows of this source */
  constructor(had: ReadonlySet<string>) {
    this.#had = had
  }

  /** Whether the source had no rows at all when the run began. */
  get isFirst(): boolean {
    return this.#had.size === 0
  }

  /** A row was there that could not be: from now on nothing is taken for certainly new. Answers whether that is news. */
  doubt(): boolean {
    const isNews = this.#isTrusted
    this.#isTrusted = false
    return isNews
  }

  /** Whether there is certainly nothing under a key of an entity, or of the list of an owner. */
  isNew(entity: Entity, ...key: Key): boolean {
    if (!this.#isTrusted || this.#had.has(entity)) return false
    this.#hash.of(entity, ...key)
    const { one, other } = this.#hash
    for (let at = 0; at < 3; at += 1) {
      const bit = (one + Math.imul(at, other)) & (filterBits - 1)
      if (((this.#filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return true
    }
    return false
  }

  /** As `isNew`, and from now on it is not new any more. */
  isNewNow(entity: Entity, ...key: Key): boolean {
    if (!this.#isTrusted || this.#had.has(entity)) return false
    this.#hash.of(entity, ...key)
    const { one, other } = this.#hash
    let isNew = false
    for (let at = 0; at < 3; at += 1) {
      const bit = (one + Math.imul(at, other)) & (filterBits - 1)
      const before = this.#filter[bit >>> 5] ?? 0
      // The highest of 32 bits makes a number negative, unlike what the filter keeps of it.
      const after = (before | (1 << (bit & 31))) >>> 0
      if (after === before) continue
      this.#filter[bit >>> 5] = after
      isNew = true
    }
    return isNew
  }

  /** Whether a row is known to be there. False when it has to be asked for. */
  isThere(entity: Entity, ...key: Key): boolean {
    this.#hash.of(entity, ...key)
    const { one, other } = this.#hash
    return this.#prints[this.#slot(one, other) + 1] !== 0
  }

  /** A row that is in the target, for good: a savepoint that is undone takes nothing back here. */
  noteThere(entity: Entity, ...key: Key): void {
    if (this.#taken >= mostTaken) return
    this.#hash.of(entity, ...key)
    const { one, other } = this.#hash
    const slot = this.#slot(one, other)
    if (this.#prints[slot + 1] !== 0) return
    this.#prints[slot] = one
    this.#prints[slot + 1] = other
    this.#taken += 1
  }

  /** Where a print is, or the free place where it would be. */
  #slot(one: number, other: number): number {
    let slot = (one & (slots - 1)) * 2
    while (this.#prints[slot + 1] !== 0 && (this.#prints[slot] !== one || this.#prints[slot + 1] !== other)) slot = (slot + 2) & (slots * 2 - 1)
    return slot
  }
}

/** A hash of a key: two numbers of 32 bits, the second one odd. It is made anew for each key, millions of times, so it makes nothing. */
class KeyHash {
  one = 0
  other = 0

  of(entity: Entity, cells: Said[], from = 0, to = cells.length): void {
    this.one = 0xdeadbeef
    this.other = 0x41c6ce57
    this.#take(entity)
    for (let at = from; at < to; at += 1) {
      const cell = cells[at]
      this.#take(typeof cell === 'string' ? cell : String(cell))
    }
    const { one, other } = this
    const first = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909)
    const second = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909)
    this.one = first >>> 0
    this.other = (second | 1) >>> 0
  }

  #take(text: string): void {
    let { one, other } = this
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      one = Math.imul(one ^ code, 2654435761)
      other = Math.imul(other ^ code, 1597334677)
    }
    this.one = Math.imul(one ^ 0x1f, 2654435761)
    this.other = Math.imul(other ^ 0x1f, 1597334677)
  }
}
