import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import type { HistoryQuery } from '../../shared/schemas/requests.ts'
import { listImports } from '../api/imports.ts'
import { useFeed } from './feed.ts'
import { useSession } from './session.ts'

/** A page of the history at most so often read again because something changed. */
const settleMs = 400

/** The page of the history that is looked at. What changes on the server changes here. */
export const useHistory = defineStore('history', () => {
  const session = useSession()
  const feed = useFeed()
  const items = shallowRef<ImportView[]>([])
  const total = ref(0)
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')
  const error = shallowRef<unknown>(null)
  let query: Partial<HistoryQuery> = {}
  let reading: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Reads a page; a reading that is under way is given up. */
  async function load(next: Partial<HistoryQuery>, background = false): Promise<void> {
    query = next
    reading?.abort()
    const own = new AbortController()
    reading = own
    if (!background) state.value = 'loading'
    try {
      const page = await session.guard(listImports(next, { signal: own.signal, background }))
      items.value = page.items
      total.value = page.total
      state.value = 'done'
    } catch (thrown) {
      if (own.signal.aborted) return
      error.value = thrown
      state.value = 'error'
    }
  }

  function refreshSoon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void load(query, true), settleMs)
  }

  function patch(importId: string, change: Partial<ImportView>): void {
    if (items.value.some((item) => item.id === importId))
      items.value = items.value.map((item) => (item.id === importId ? { ...item, ...change } : item))
  }

  /** Follows the server while the page is open. Answers the function that ends it. */
  function follow(): () => void {
    const end = feed.listen({
      onImport: (view) => {
        patch(view.id, view)
        refreshSoon()
      },
      onProgress: ({ importId, status, progress, ledger }) => patch(importId, { status, progress, ledger }),
      // What happened while the connection was lost is not told again.
      onLive: (live) => live && refreshSoon(),
      onQuiet: () => items.value.some(({ status }) => !isFinal(status)) && refreshSoon(),
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }

  return { items, total, state, error, load, follow }
})
