import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import { shown } from '../problem.ts'
import { findColumn } from '../schema/catalog.ts'
import type { Catalog, Reference } from '../schema/catalog.ts'
import { converterOf } from '../values/convert.ts'
import { ValueRefused } from '../values/value-refused.ts'
import { BoundedCache } from './bounded-cache.ts'
import { readingsOf, tablesOf } from './reading.ts'
import type { Part, Reading } from './reading.ts'

const cached = 50_000

/** Asks for the finder of another table, for foreign keys within a natural key. */
export type FinderOf = (reference: Reference) => NaturalFinder

/**
 * Finds rows of one table by natural keys, many in one question. A way to read the keys counts only when it finds rows: of all of them the one that finds
 * most of the first keys, and from then on no other.
 */
export class NaturalFinder {
  readonly reference: Reference
  readonly #catalog: Catalog
  readonly #finderOf: FinderOf
  readonly #known = new BoundedCache<Cell>(cached)
  readonly #chosen = new Map<string, Reading>()
  #tables: string[] | null = null

  constructor(catalog: Catalog, reference: Reference, finderOf: FinderOf) {
    this.#catalog = catalog
    this.reference = reference
    this.#finderOf = finderOf
  }

  /** Whether a key of this form can mean a row of the table at all. */
  canRead(list: unknown[]): boolean {
    return this.#readings(formOf(list)).length > 0
  }

  /** The tables in which rows with natural keys are looked for, those of foreign keys within them included. */
  tables(): string[] {
    this.#tables ??= [...tablesOf(this.#catalog, this.reference)]
    return this.#tables
  }

  /** What the row with this natural key is referred to by, if it was found before. */
  known(list: unknown[]): Cell | undefined {
    return this.#known.get(keyText(list))
  }

  /** Looks for these keys; what was found is `known` from now on. */
  async search(tx: TargetTransaction, lists: unknown[][]): Promise<void> {
    const unknown = new Map(lists.map((list) => [keyText(list), list]))
    for (const key of unknown.keys()) if (this.#known.get(key) !== undefined) unknown.delete(key)
    for (const [form, group] of Map.groupBy(unknown.values(), formOf)) await this.#searchForm(tx, form, group)
  }

  forget(): void {
    this.#known.clear()
  }

  async #searchForm(tx: TargetTransaction, form: string, lists: unknown[][]): Promise<void> {
    let best: { reading: Reading; found: (Cell | null)[]; hits: number } | null = null
    for (const reading of this.#readings(form)) {
      const found = await this.#read(tx, reading, lists)
      const hits = found.filter((cell) => cell !== null).length
      if (hits > (best?.hits ?? 0)) best = { reading, found, hits }
      if (hits === lists.length) break
    }
    if (!best) return
    this.#chosen.set(form, best.reading)
    for (const [at, cell] of best.found.entries()) if (cell !== null) this.#known.set(keyText(lists[at] ?? []), cell)
  }

  #readings(form: string): Reading[] {
    const chosen = this.#chosen.get(form)
    return chosen ? [chosen] : readingsOf(this.#catalog, this.reference, form)
  }

  async #read(tx: TargetTransaction, { table, select, parts }: Reading, lists: unknown[][]): Promise<(Cell | null)[]> {
    const columns: (Cell | undefined)[][] = []
    for (const part of parts) columns.push(await this.#cells(tx, table, part, lists))
    const keys = lists.map((_, at) => columns.map((cells) => cells[at]))
    const asked = keys.flatMap((key, at) => (key.includes(undefined) ? [] : [at]))
    if (asked.length === 0) return lists.map(() => null)
    const by = parts.map((part) => part.column)
    const rows = await tx.find({ table, by, keys: asked.map((at) => keys[at] as Cell[]), select: [select] })
    const found: (Cell | null)[] = lists.map(() => null)
    for (const [index, at] of asked.entries()) found[at] = rows[index]?.[0] ?? null
    return found
  }

  /** The cells of one column of the key, for each list; undefined where the list can't be meant. */
  async #cells(tx: TargetTransaction, table: Reading['table'], part: Part, lists: unknown[][]): Promise<(Cell | undefined)[]> {
    if (part.reference) {
      const finder = this.#finderOf(part.reference)
      const inner = lists.map((list) => (part.nested ? (list[part.from] as unknown[]) : list.slice(part.from, part.from + part.size)))
      await finder.search(tx, inner)
      return inner.map((list) => finder.known(list))
    }
    const column = findColumn(table, part.column)
    const convert = column && converterOf(column)
    return lists.map((list) => (convert ? cellOrNone(convert, list[part.from]) : undefined))
  }
}

function cellOrNone(convert: (value: unknown) => Cell, value: unknown): Cell | undefined {
  if (value === null) return undefined
  try {
    return convert(value)
  } catch (thrown) {
    if (thrown instanceof ValueRefused) return undefined
    throw thrown
  }
}

function formOf(list: unknown[]): string {
  return list.map((item) => (Array.isArray(item) ? 'l' : 's')).join('')
}

function keyText(list: unknown[]): string {
  const [first] = list
  return list.length === 1 && typeof first === 'string' ? first : `\0${JSON.stringify(list)}`
}

/** `no row of table "auth_user" has the natural key ["ann"]`. */
export function notFoundText(reference: Reference, list: unknown[]): string {
  return `no row of table "${reference.table.name}" has the natural key ${shown(list)}`
}
