import type { ImportKind } from '../shared/protocol/views.ts'

const icons: Record<ImportKind, string> = {
  restore: 'i-lucide-database-backup',
  commerce: 'i-lucide-store',
  bulk: 'i-lucide-send',
  table: 'i-lucide-table-2',
}

/** The icon of a kind of import. */
export function kindIcon(kind: ImportKind): string {
  return icons[kind]
}

/** Kinds that can be started here, and that the history holds. */
export const offeredKinds: readonly ImportKind[] = ['restore', 'commerce', 'bulk']
