import type { Target } from '../../../targets/target.ts'
import type { CommerceTables } from '../schema/tables.ts'
import type { SeenGoods } from './seen-goods.ts'

export type Swept = 'products' | 'offers'
/** Some rows: how many of them were there, and the keys of those that a full catalog no longer has. */
export type LackingPage = { live: number; lacking: string[] }

const pageRows = 5000

/** Goes through the rows of a source that are not marked as deleted, in the order of their keys. */
export async function* lackingRows(
  { target, tables, source, seen }: { target: Target; tables: CommerceTables; source: string; seen: SeenGoods },
  entity: Swept,
): AsyncGenerator<LackingPage> {
  const select = ['id', 'catalog_id', 'deleted_at', ...(entity === 'offers' ? ['product_id'] : [])]
  for (let offset = 0; ; offset += pageRows) {
    // Those that are marked are read too: what this run marks must not move the pages.
    const { rows } = await target.readRows(tables[entity].table, { offset, limit: pageRows, only: { source }, select })
    const live = rows.filter(([, , deletedAt]) => deletedAt === null)
    const lacking = live.flatMap(([id, catalog, , product]) => {
      const row = { id: String(id), catalog: textOf(catalog), product: entity === 'offers' ? String(product ?? '') : null }
      return seen.lacks(row) ? [row.id] : []
    })
    if (rows.length > 0) yield { live: live.length, lacking }
    if (rows.length < pageRows) return
  }
}

function textOf(cell: unknown): string | null {
  return typeof cell === 'string' && cell !== '' ? cell : null
}
