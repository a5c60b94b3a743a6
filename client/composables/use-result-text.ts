import { useI18n } from 'vue-i18n'
import type { ImportView } from '../../shared/protocol/views.ts'
import { useFormat } from './use-format.ts'

/** How a run ended, as a title and a sentence. */
export function useResultText() {
  const { t } = useI18n()
  const { number } = useFormat()

  function resultTitle(view: ImportView): string {
    if (view.status === 'succeeded') return t(isDry(view) ? 'result.dryRun' : 'result.succeeded')
    return t(`result.${view.status === 'partly_failed' || view.status === 'failed' ? view.status : 'cancelled'}`)
  }

  function resultLead(view: ImportView): string {
    const { succeeded, failed } = view.ledger
    const target = view.target?.name ?? ''
    if (view.status === 'succeeded') return t(isDry(view) ? 'result.dryRunLead' : 'result.succeededLead', { n: number(succeeded), target }, succeeded)
    if (view.status === 'partly_failed') return t('result.partlyLead', { n: number(failed) }, failed)
    return isDry(view) || view.options['mode'] !== 'keep_going' ? t('result.failedUndone', { target }) : ''
  }

  return { resultTitle, resultLead }
}

function isDry(view: ImportView): boolean {
  return view.options['dryRun'] === true
}
