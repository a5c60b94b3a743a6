import { useToast } from '@nuxt/ui/composables'
import { watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { ImportView } from '../../shared/protocol/views.ts'
import { useNotifications } from '../stores/notifications.ts'
import { runState, statusLook } from '../status-look.ts'
import { useResultText } from './use-result-text.ts'

/** Shows what the notifications store has to tell: as toasts, and outside of the page when nobody looks at it. */
export function useNotices(): void {
  const { t } = useI18n()
  const router = useRouter()
  const toast = useToast()
  const notifications = useNotifications()
  const { resultTitle } = useResultText()

  function show(view: ImportView, title: string): void {
    const look = statusLook(runState(view))
    const open = (): void => void router.push(`/imports/${view.id}`)
    const away = router.currentRoute.value.params['id'] !== view.id
    toast.add({
      title,
      description: view.title,
      icon: look.icon,
      color: look.color,
      duration: 10_000,
      ...(away && { actions: [{ label: t('result.open'), color: 'neutral', variant: 'outline', onClick: open }] }),
    })
    if (notifications.permission !== 'granted' || document.visibilityState === 'visible') return
    const shown = new Notification(title, { body: view.title, tag: view.id, icon: '/favicon.svg' })
    shown.addEventListener('click', () => {
      window.focus()
      open()
    })
  }

  watch(
    () => notifications.waiting.length,
    () => {
      for (const notice of notifications.take()) {
        if (notice.type === 'ended') show(notice.import, resultTitle(notice.import))
        else if (notice.type === 'waits') show(notice.import, t('hold.title'))
        else toast.add({ title: t('import.joined'), icon: 'i-lucide-git-merge', color: 'info', duration: 8000 })
      }
    },
    { immediate: true },
  )
}
