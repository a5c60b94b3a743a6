import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'
import type { ImportView, StartAnswer } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import * as api from '../api/imports.ts'
import { ApiError } from '../api/request.ts'
import { startImport } from '../api/start-import.ts'
import type { StartForm, Upload } from '../api/start-import.ts'
import { sessionTokens } from '../realtime/token-storage.ts'
import { useFeed } from './feed.ts'
import { useNotifications } from './notifications.ts'
import { useSession } from './session.ts'
import { createWatchedImport } from './watched-import.ts'
import type { WatchedImport } from './watched-import.ts'

/** What came of a start. `refused`: certainly nothing was started. `unknown`: no answer came, the same start again joins what may have been started. */
export type StartResult =
  | { type: 'going'; answer: StartAnswer }
  | { type: 'recent'; importId: string }
  | { type: 'refused' | 'unknown'; error: ApiError }

/** Import sessions that this page watches, by id, and what people do to them. */
export const useImports = defineStore('imports', () => {
  const session = useSession()
  const notifications = useNotifications()
  const watched = shallowReactive(new Map<string, WatchedImport>())
  const onScreen = new Set<string>()

  /** Watches an import session. The same again answers the one that is there. */
  function open(importId: string, token?: string): WatchedImport {
    onScreen.add(importId)
    const found = watched.get(importId)
    if (found) return found
    const made = createWatchedImport(importId, { token, onFinished: finish })
    watched.set(importId, made)
    return made
  }

  /** The page is left: a run that goes on is watched further, so that its end is told wherever the person is. */
  function leave(importId: string): void {
    onScreen.delete(importId)
    const view = watched.get(importId)?.view.value
    if (!view || isFinal(view.status)) drop(importId)
  }

  function finish(view: ImportView): void {
    notifications.tellEnd(view)
    if (!onScreen.has(view.id)) drop(view.id)
  }

  function drop(importId: string): void {
    watched.get(importId)?.close()
    watched.delete(importId)
  }

  useFeed().listen({
    onImport: (view) => {
      const own = watched.get(view.id)
      // A run that had ended and was tried again, here or by someone else.
      if (own?.state.value === 'ended' && !isFinal(view.status)) own.resume()
    },
  })

  async function start(form: StartForm, upload: Upload): Promise<StartResult> {
    try {
      const answer = await session.guard(startImport(form, upload))
      open(answer.import.id, answer.watch.token)
      onScreen.delete(answer.import.id)
      return { type: 'going', answer }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code !== 'recently_finished') return { type: error.nothingDone ? 'refused' : 'unknown', error }
      const { importId } = error.details
      return { type: 'recent', importId: typeof importId === 'string' ? importId : '' }
    }
  }

  async function cancel(importId: string): Promise<void> {
    await session.guard(api.cancelImport(importId))
  }

  async function retry(importId: string, only: 'failed' | 'all'): Promise<void> {
    await session.guard(api.retryImport(importId, only))
    watched.get(importId)?.resume()
  }

  async function rejected(importId: string, limit: number): ReturnType<typeof api.getRejected> {
    return await api.getRejected(importId, limit, watched.get(importId)?.reading() ?? {})
  }

  function interrupt(): void {
    for (const each of watched.values()) each.interrupt()
  }

  function nudge(): void {
    for (const each of watched.values()) each.nudge()
  }

  /** After a login: whatever had no right to watch may have it again. */
  function resume(): void {
    for (const each of watched.values()) if (each.state.value !== 'ended') each.resume()
  }

  /** This device stops watching: nothing stays that could go on without a login. */
  function forgetAll(): void {
    for (const importId of [...watched.keys()]) drop(importId)
    sessionTokens(sessionStorage).clear()
  }

  return { watched, open, leave, start, cancel, retry, rejected, interrupt, nudge, resume, forgetAll }
})
