import { computed } from 'vue'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { StartForm } from '../api/start-import.ts'
import { useTargets } from '../stores/targets.ts'
import { useFormat } from './use-format.ts'

/** What a start will do, in a few words: where it leads to, and what is chosen besides. */
export function useStartSummary(form: Readonly<Ref<StartForm>>) {
  const targets = useTargets()
  const { t } = useI18n()
  const { list, number } = useFormat()

  function ofBulk({ options, files }: StartForm) {
    const accounts = (options['accounts'] as readonly string[]).length
    const target = accounts === 0 ? '' : t('bulk.accounts', { n: number(accounts) }, accounts)
    const all = accounts * files.length
    return { target, choiceName: t('bulk.deliveries'), choice: all === 0 ? '' : number(all), start: t('bulk.start') }
  }

  return computed(() => {
    const { kind, options, target: id } = form.value
    if (kind === 'bulk') return ofBulk(form.value)
    const target = targets.byId.get(id)?.name ?? ''
    if (kind === 'commerce') {
      const choice = list((options['types'] as readonly string[]).map((type) => t(`commerce.types.${type}`)))
      return { target, choiceName: t('newImport.types'), choice, start: t('newImport.start') }
    }
    const choice = t(`newImport.modes.${String(options['mode'])}`)
    return { target, choiceName: t('newImport.summaryMode'), choice, start: t(options['dryRun'] === true ? 'newImport.startDry' : 'newImport.start') }
  })
}
