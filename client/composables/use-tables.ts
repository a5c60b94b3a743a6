import { shallowRef } from 'vue'
import type { RowsPage, TableView } from '../../shared/protocol/views.ts'
import { useTargets } from '../stores/targets.ts'
import { useAction } from './use-action.ts'

/** What is inside of a database: its tables, and the rows of one of them page by page. */
export function useTables(targetId: string, limit: number) {
  const targets = useTargets()
  const tables = shallowRef<TableView[] | null>(null)
  const rows = shallowRef<RowsPage | null>(null)
  let wanted = 0

  const tablesAction = useAction(async () => {
    tables.value = await targets.tables(targetId)
  })

  async function load(table: string, page: number): Promise<void> {
    const own = ++wanted
    const answer = await targets.rows(targetId, table, page, limit)
    // An answer that comes after a newer question is not shown.
    if (own === wanted) rows.value = answer
  }

  const rowsAction = useAction(load)
  return { tables, rows, tablesAction, rowsAction }
}
