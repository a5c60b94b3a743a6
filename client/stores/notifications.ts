import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { ImportView } from '../../shared/protocol/views.ts'

/** Something to tell the person, wherever they are. The texts are made by whoever shows it. */
export type Notice = Draft & { id: number }

/** A run has ended, or waits for a person; or a start was taken to a run that was there. */
type Draft = { type: 'ended' | 'waits'; import: ImportView } | { type: 'joined' }

/** Notices that wait to be shown, and whether the browser may show them outside of the page. */
export const useNotifications = defineStore('notifications', () => {
  const waiting = ref<Notice[]>([])
  const permission = ref<NotificationPermission | 'unsupported'>('Notification' in globalThis ? Notification.permission : 'unsupported')
  let lastId = 0

  function tell(draft: Draft): void {
    lastId += 1
    waiting.value = [...waiting.value, { ...draft, id: lastId }]
  }

  /** Takes the notices to show them. */
  function take(): Notice[] {
    const taken = waiting.value
    if (taken.length > 0) waiting.value = []
    return taken
  }

  /** Asks for the browser's permission. Only after a click: a page that asks by itself is refused. */
  async function askPermission(): Promise<void> {
    if (permission.value === 'default') permission.value = await Notification.requestPermission()
  }

  return { waiting, permission, tell, take, askPermission }
})
