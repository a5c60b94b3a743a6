import { useI18n } from 'vue-i18n'
import type { ImportView } from '../../shared/protocol/views.ts'
import { useFormat } from './use-format.ts'

/** Where a run leads to, in a word: its database, or how many accounts. */
export function useDestinationText() {
  const { t } = useI18n()
  const { number } = useFormat()

  function destination({ target, kind, options }: Pick<ImportView, 'target' | 'kind' | 'options'>): string {
    const { accounts } = options
    if (kind === 'bulk' && Array.isArray(accounts)) return t('bulk.accounts', { n: number(accounts.length) }, accounts.length)
    return target?.name ?? t('app.notKnown')
  }

  return { destination }
}
