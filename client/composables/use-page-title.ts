import { computed, ref, watchEffect } from 'vue'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'

/** Keeps the title of the browser tab: that of the page, or one that a page sets for itself. */
export function usePageTitle(): void {
  const { t } = useI18n()
  const route = useRoute()
  const title = computed(() => (typeof route.meta.title === 'string' ? t(route.meta.title) : ''))
  watchEffect(() => {
    document.title = title.value === '' ? t('app.name') : `${title.value} · ${t('app.name')}`
  })
}

/** A title that a page makes of what it shows. */
export function useOwnTitle(title: Ref<string>): void {
  const last = ref('')
  watchEffect(
    () => {
      if (title.value !== '' && title.value !== last.value) document.title = last.value = title.value
    },
    { flush: 'post' },
  )
}
