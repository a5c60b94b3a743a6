import { computed, toValue } from 'vue'
import type { MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ImportKind } from '../../shared/protocol/views.ts'

/** How rejected records are named in an import of a kind: 1C knows them by other words than a database. */
export function useRecordNames(kind: MaybeRefOrGetter<ImportKind>) {
  const i18n = useI18n()
  const { t } = i18n
  const commerce = computed(() => toValue(kind) === 'commerce')

  const whatName = computed(() => t(commerce.value ? 'rejected.what' : 'rejected.model'))
  const keyName = computed(() => t(commerce.value ? 'rejected.externalId' : 'rejected.key'))

  /** What a record is: a model, or the kind of a record of 1C. */
  function what(model: string | undefined): string {
    if (model === undefined) return t('app.notKnown')
    const key = `commerce.records.${model.replaceAll(' ', '_')}`
    return commerce.value && i18n.te(key, 'en') ? t(key) : model
  }

  return { what, whatName, keyName }
}
