import type { StoredEvent } from '../../shared/protocol/views.ts'

/** What became of the rows of one entity. */
export type EntityCounts = { created: number; changed: number; unchanged: number; deleted: number; rejected: number }
export type EntityRow = EntityCounts & { entity: string }

/** A run says it among its last words. */
const lastWords = 50
const figures = ['created', 'changed', 'unchanged', 'deleted'] as const

/** Rejected are records, by what they are; entities are rows, by their table. */
const entityOfRecord: Record<string, string> = {
  group: 'groups',
  property: 'properties',
  'property value': 'property_values',
  unit: 'units',
  'price type': 'price_types',
  warehouse: 'warehouses',
  product: 'products',
  offer: 'offers',
  customer: 'customers',
}

/** In this order they are shown, others behind them. */
const order = [
  'groups',
  'products',
  'product_groups',
  'images',
  'properties',
  'property_values',
  'item_values',
  'characteristics',
  'requisites',
  'units',
  'product_taxes',
  'offers',
  'price_types',
  'prices',
  'warehouses',
  'stocks',
  'pending',
  'customers',
  'customer_addresses',
  'customer_contacts',
  'customer_accounts',
  'customer_representatives',
]

/**
 * The figures of an import from 1C by entity, as the last line of its log bears them; null while there is none.
 * @param line answers the log line of a number, if it is here
 * @param last number of the newest line
 */
export function findEntityReport(line: (seq: number) => StoredEvent | undefined, last: number): EntityRow[] | null {
  for (let seq = last; seq > Math.max(0, last - lastWords); seq--) {
    const data = line(seq)?.data
    // A new attempt begins: what was said before it is of another one.
    if (line(seq)?.status === 'queued') return null
    if (isRecord(data) && isRecord(data['entities'])) return rowsOf(data['entities'], isRecord(data['rejected']) ? data['rejected'] : {})
  }
  return null
}

/** All rows together. */
export function sumOf(rows: readonly EntityRow[]): EntityCounts {
  const sum = (name: keyof EntityCounts): number => rows.reduce((all, row) => all + row[name], 0)
  return { created: sum('created'), changed: sum('changed'), unchanged: sum('unchanged'), deleted: sum('deleted'), rejected: sum('rejected') }
}

function rowsOf(entities: Record<string, unknown>, rejected: Record<string, unknown>): EntityRow[] {
  const rows = new Map<string, EntityRow>()
  const rowOf = (entity: string): EntityRow => {
    const row = rows.get(entity) ?? { entity, created: 0, changed: 0, unchanged: 0, deleted: 0, rejected: 0 }
    rows.set(entity, row)
    return row
  }
  for (const [entity, counts] of Object.entries(entities)) {
    const row = rowOf(entity)
    for (const name of figures) row[name] = numberOf(isRecord(counts) ? counts[name] : 0)
  }
  for (const [kind, count] of Object.entries(rejected)) rowOf(entityOfRecord[kind] ?? kind).rejected += numberOf(count)
  const rank = ({ entity }: EntityRow): number => (order.includes(entity) ? order.indexOf(entity) : order.length)
  return [...rows.values()].toSorted((a, b) => rank(a) - rank(b))
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
