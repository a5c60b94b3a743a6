import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { sessionTokens } from '../realtime/token-storage.ts'
import { useFeed } from './feed.ts'
import { useNotifications } from './notifications.ts'
import { createWatchedImport } from './watched-import.ts'
import type { WatchedImport } from './watched-import.ts'

/** Import sessions that this page watches, by id: those on the screen, and those that were left while they went on. */
export const useWatches = defineStore('watches', () => {
  const notifications = useNotifications()
  const byId = shallowReactive(new Map<string, WatchedImport>())
  const onScreen = new Set<string>()

  /** Watches an import session. The same again answers the one that is there. */
  function open(importId: string, token?: string): WatchedImport {
    const found = byId.get(importId)
    if (found) return found
    const made = createWatchedImport(importId, { token, onFinished: finish, onWaits: wait })
    byId.set(importId, made)
    return made
  }

  /** Watches it while a page shows it. */
  function show(importId: string): WatchedImport {
    onScreen.add(importId)
    return open(importId)
  }

  /** The page is left: a run that goes on is watched further, so that its end is told wherever the person is. */
  function leave(importId: string): void {
    onScreen.delete(importId)
    const view = byId.get(importId)?.view.value
    if (!view || isFinal(view.status)) drop(importId)
  }

  function finish(view: ImportView): void {
    notifications.tell({ type: 'ended', import: view })
    if (!onScreen.has(view.id)) drop(view.id)
  }

  function wait(view: ImportView): void {
    notifications.tell({ type: 'waits', import: view })
  }

  function drop(importId: string): void {
    byId.get(importId)?.close()
    byId.delete(importId)
  }

  useFeed().listen({
    onImport: (view) => {
      const own = byId.get(view.id)
      // A run that had ended and was tried again, here or by someone else.
      if (own?.state.value === 'ended' && !isFinal(view.status)) own.resume()
    },
  })

  /** This device stops watching: nothing stays that could go on without a login. */
  function forgetAll(): void {
    for (const importId of byId.keys()) drop(importId)
    sessionTokens(sessionStorage).clear()
  }

  function each(call: (watched: WatchedImport) => void): void {
    for (const watched of byId.values()) call(watched)
  }

  const interrupt = (): void => each((watched) => watched.interrupt())
  const nudge = (): void => each((watched) => watched.nudge())
  /** After a login: whatever had no right to watch may have it again. */
  const resume = (): void => each((watched) => watched.state.value !== 'ended' && watched.resume())

  return { byId, open, show, leave, forgetAll, interrupt, nudge, resume }
})
