import { useI18n } from 'vue-i18n'
import type { ImportView } from '../../shared/protocol/views.ts'
import { useFormat } from './use-format.ts'

/** How a run ended, as a title and a sentence. */
export function useResultText() {
  const { t } = useI18n()
  const { number } = useFormat()

  function resultTitle(view: ImportView): string {
    if (view.kind === 'bulk' && (view.status === 'succeeded' || view.status === 'partly_failed')) return t(`bulk.result.${view.status}`)
    if (view.status === 'succeeded') return t(isDry(view) ? 'result.dryRun' : 'result.succeeded')
    return t(`result.${view.status === 'partly_failed' || view.status === 'failed' ? view.status : 'cancelled'}`)
  }

  function resultLead(view: ImportView): string {
    const { succeeded, failed } = view.ledger
    const target = view.target?.name ?? ''
    if (view.kind === 'bulk') return bulkLead(view)
    if (view.status === 'succeeded') return t(isDry(view) ? 'result.dryRunLead' : 'result.succeededLead', { n: number(succeeded), target }, succeeded)
    if (view.status === 'partly_failed') return t('result.partlyLead', { n: number(failed) }, failed)
    if (!keepsWhatIsIn(view) || (view.kind === 'commerce' && succeeded === 0)) return t('result.failedUndone', { target })
    return view.kind === 'commerce' ? t('result.failedKept', { target }) : ''
  }

  function bulkLead({ status, ledger: { succeeded, failed, notReached } }: ImportView): string {
    // What was stopped with its account is told as what failed itself: neither has arrived.
    const undone = failed + (notReached ?? 0)
    if (status === 'partly_failed') return t('bulk.result.partlyLead', { n: number(undone) }, undone)
    return t(status === 'succeeded' ? 'bulk.result.lead' : 'bulk.result.keptLead', { n: number(succeeded) }, succeeded)
  }

  return { resultTitle, resultLead }
}

/** Whether a run that stops in the middle leaves in the target what it had written. */
export function keepsWhatIsIn(view: ImportView): boolean {
  return !isDry(view) && (view.kind === 'commerce' || view.kind === 'bulk' || view.options['mode'] === 'keep_going')
}

function isDry(view: ImportView): boolean {
  return view.options['dryRun'] === true
}
