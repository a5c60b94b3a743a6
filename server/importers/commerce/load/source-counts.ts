import type { TargetTransaction } from '../../../targets/target.ts'
import type { Tally } from '../report/tally.ts'
import { RowWriter, nothingWritten } from './row-writer.ts'
import type { Writing } from './row-writer.ts'

/** Keeps, beside the rows and in their transaction, how many products and offers of the source there are: what the guard measures by. */
export async function countLive(tx: TargetTransaction, writing: Writing, tally: Tally): Promise<void> {
  const products = tally.live.get('products') ?? 0
  const offers = tally.live.get('offers') ?? 0
  tally.live.clear()
  if (products === 0 && offers === 0) return
  const { table } = writing.tables.sources
  const [row] = await tx.find({ table, by: ['source'], keys: [[writing.source]], select: ['products', 'offers'] })
  const values = [Number(row?.[0] ?? 0) + products, Number(row?.[1] ?? 0) + offers]
  await new RowWriter(writing).rows(tx, [{ entity: 'sources', key: [], values }], nothingWritten())
}
