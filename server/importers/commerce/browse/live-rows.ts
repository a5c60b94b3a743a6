import type { Cell, Page, Target } from '../../../targets/target.ts'
import { knownTables } from '../schema/open-tables.ts'
import type { CommerceTables, Entity } from '../schema/tables.ts'

/** A row by the names of its columns, as texts. */
export type LiveRow = Record<string, string | null>

const mostSources = 1000

/** Reads the rows of a source that are not marked as deleted. */
export class LiveRows {
  readonly #target: Target
  readonly #tables: CommerceTables
  readonly #missing: Set<string>

  private constructor(target: Target, tables: CommerceTables, missing: Set<string>) {
    this.#target = target
    this.#tables = tables
    this.#missing = missing
  }

  static async open(target: Target): Promise<LiveRows> {
    const { tables, missing } = knownTables(await target.readSchema())
    return new LiveRows(target, tables, new Set(missing.map(({ name }) => name)))
  }

  /** The sources, and how many products they have. */
  async sources(): Promise<{ source: string; products: number }[]> {
    const { table } = this.#tables.sources
    if (this.#missing.has(table.name)) return []
    const { columns, rows } = await this.#target.readRows(table, { offset: 0, limit: mostSources })
    return rows.map((row) => ({ source: String(row[columns.indexOf('source')]), products: Number(row[columns.indexOf('products')] ?? 0) }))
  }

  /** A page of an entity in the order of a column, those without a value last, and then of its key. */
  async page(
    entity: Entity,
    source: string,
    page: Pick<Page, 'offset' | 'limit' | 'only' | 'search'> & { order: string; select: string[] },
  ): Promise<{ rows: LiveRow[]; total: number | null }> {
    const { table } = this.#tables[entity]
    if (this.#missing.has(table.name)) return { rows: [], total: 0 }
    const only = { source, deleted_at: null, ...page.only }
    const { columns, rows, total } = await this.#target.readRows(table, { ...page, order: [page.order], only })
    return { rows: rows.map((row) => rowOf(columns, row)), total }
  }

  /** For each key the rows of the source that have it, in no order. */
  async lists(entity: Entity, source: string, by: string[], keys: Cell[][], select: string[]): Promise<LiveRow[][]> {
    const { table } = this.#tables[entity]
    if (this.#missing.has(table.name) || keys.length === 0) return keys.map(() => [])
    const columns = [...select, 'deleted_at']
    const lookup = { table, by: ['source', ...by], keys: keys.map((key) => [source, ...key]), select: columns }
    const found = await this.#target.look(lookup)
    return found.map((rows) => rows.map((row) => rowOf(columns, row)).filter((row) => row['deleted_at'] === null))
  }

  /** For each key the one row that has it. */
  async rows(entity: Entity, source: string, by: string[], keys: Cell[][], select: string[]): Promise<(LiveRow | null)[]> {
    return (await this.lists(entity, source, by, keys, select)).map(([row]) => row ?? null)
  }
}

function rowOf(columns: string[], cells: Cell[]): LiveRow {
  return Object.fromEntries(columns.map((name, at) => [name, cells[at] === null || cells[at] === undefined ? null : textOf(cells[at])]))
}

function textOf(cell: Exclude<Cell, null>): string {
  return cell instanceof Uint8Array ? '' : String(cell)
}
