import type { Table } from '../../../targets/target.ts'
import type { Catalog, Reference } from '../schema/catalog.ts'
import { NaturalFinder } from './natural-finder.ts'

/** The finders of a run, one for each column that is referred to. */
export class Naturals {
  readonly #catalog: Catalog
  readonly #finders = new Map<string, NaturalFinder>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  finder(reference: Reference): NaturalFinder {
    const name = `${reference.table.name}\0${reference.column}`
    const known = this.#finders.get(name)
    if (known) return known
    const finder = new NaturalFinder(this.#catalog, reference, (other) => this.finder(other))
    this.#finders.set(name, finder)
    return finder
  }

  /** Rows of a table were written: natural keys may mean other rows by now. */
  written(table: Table): void {
    for (const finder of this.#finders.values()) if (finder.reference.table === table) finder.forget()
  }

  /** Something was undone: rows that were found may not be there any more. */
  undone(): void {
    for (const finder of this.#finders.values()) finder.forget()
  }
}
