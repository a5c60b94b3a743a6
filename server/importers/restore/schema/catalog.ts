import type { Column, ForeignKey, Table } from '../../../targets/target.ts'

/** A foreign key of one column, seen from its column. */
export type Reference = { table: Table; column: string }

/** The tables of a target by name, and how they refer to each other. */
export class Catalog {
  readonly tables: readonly Table[]
  readonly #byName: Map<string, Table>
  readonly #byFoldedName: Map<string, Table>

  constructor(tables: readonly Table[]) {
    this.tables = tables
    this.#byName = new Map(tables.map((table) => [table.name, table]))
    this.#byFoldedName = new Map(tables.toReversed().map((table) => [table.name.toLowerCase(), table]))
  }

  /** The table of this name, or one that differs in capital letters only. */
  find(name: string): Table | null {
    return this.#byName.get(name) ?? this.#byFoldedName.get(name.toLowerCase()) ?? null
  }

  /** The first of the names that there is. */
  findAny(names: string[]): Table | null {
    for (const name of names) {
      const table = this.find(name)
      if (table) return table
    }
    return null
  }

  /** Where a column refers to; null when it has no foreign key of its own, or one to a table that is not there. */
  reference(table: Table, column: string): Reference | null {
    const key = table.foreignKeys.find((candidate) => candidate.columns.length === 1 && candidate.columns[0] === column)
    const parent = key ? this.find(key.table) : null
    const referred = key?.references[0] ?? parent?.primaryKey[0]
    return parent && referred !== undefined ? { table: parent, column: referred } : null
  }

  /** The parent of a table by multi-table inheritance: its primary key is a foreign key named `<parent>_ptr_id`. */
  parent(table: Table): (Reference & { model: string }) | null {
    const [key, ...more] = table.primaryKey
    if (key === undefined || more.length > 0) return null
    const pointer = /^(.+)_ptr_id$/i.exec(key)
    const reference = pointer ? this.reference(table, key) : null
    return reference && { ...reference, model: (pointer?.[1] ?? '').toLowerCase() }
  }
}

/** A column by its name, or by one that differs in capital letters only. */
export function findColumn(table: Table, name: string): Column | null {
  const folded = name.toLowerCase()
  return table.columns.find((column) => column.name === name) ?? table.columns.find((column) => column.name.toLowerCase() === folded) ?? null
}

/** The foreign keys of one column each. */
export function plainForeignKeys(table: Table): (ForeignKey & { column: string })[] {
  return table.foreignKeys.flatMap((key) => (key.columns.length === 1 ? [{ ...key, column: key.columns[0] ?? '' }] : []))
}
