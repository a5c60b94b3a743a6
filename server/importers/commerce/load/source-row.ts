import type { Cell, TargetTransaction } from '../../../targets/target.ts'
import type { Tally } from '../report/tally.ts'
import { RowWriter, nothingWritten } from './row-writer.ts'
import type { Writing } from './row-writer.ts'

/** The entities of which the source has rows. */
export async function readSource(tx: TargetTransaction, { tables, source }: Pick<Writing, 'tables' | 'source'>): Promise<{ entities: Set<string> }> {
  const [row] = await tx.find({ table: tables.sources.table, by: ['source'], keys: [[source]], select: ['entities'] })
  return { entities: new Set(row ? ['sources', ...listed(row[0])] : []) }
}

/**
 * Keeps, beside the rows and in their transaction, of what the source has rows, and how many products and offers: what the guard measures by. `lastRun` is what
 * the whole of a run was, once it has come to its end.
 */
export async function keepSource(tx: TargetTransaction, writing: Writing, tally: Tally, lastRun: string | null): Promise<void> {
  const products = tally.live.get('products') ?? 0
  const offers = tally.live.get('offers') ?? 0
  tally.live.clear()
  const { table } = writing.tables.sources
  const [row] = await tx.find({ table, by: ['source'], keys: [[writing.source]], select: ['products', 'offers', 'entities'] })
  const spoken = tally.entities.toState().map(([entity]) => entity)
  const entities = [...new Set([...listed(row?.[2]), ...spoken])].toSorted().join(',')
  const values = [Number(row?.[0] ?? 0) + products, Number(row?.[1] ?? 0) + offers, entities, lastRun]
  await new RowWriter(writing).rows(tx, [{ entity: 'sources', key: [], values }], nothingWritten())
}

function listed(entities: Cell | undefined): string[] {
  return typeof entities === 'string' && entities !== '' ? entities.split(',') : []
}
