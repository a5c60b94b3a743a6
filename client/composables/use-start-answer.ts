import { computed } from 'vue'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { StartResult } from '../stores/imports.ts'
import { useErrorText } from './use-error-text.ts'

/** What is said of a start that did not lead to a run. */
export function useStartAnswer(result: Ref<StartResult | null>) {
  const { t } = useI18n()
  const { errorText } = useErrorText()

  const error = computed(() => {
    if (result.value?.type === 'unknown') return result.value.error.code === 'cancelled' ? t('errors.cancelled') : t('newImport.unknownOutcome')
    return result.value?.type === 'refused' ? errorText(result.value.error) : ''
  })
  /** Id of the run that is in the way, if one is. */
  const inTheWay = computed(() => {
    const id = result.value?.type === 'refused' ? result.value.error.details['importId'] : undefined
    return typeof id === 'string' ? id : ''
  })
  /** The same was run a moment ago: whether it is meant has to be asked. */
  const askAgain = computed({
    get: () => result.value?.type === 'recent',
    set: (open) => {
      if (!open) result.value = null
    },
  })
  const recent = computed(() => (result.value?.type === 'recent' ? result.value.importId : ''))

  return { error, inTheWay, askAgain, recent }
}
