import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal, sessionStatuses } from '../../shared/session-status.ts'
import { listImports } from '../api/imports.ts'
import { useFeed } from './feed.ts'

const most = 20

/** Runs that go on now, anyone's: the navigation shows them. */
export const useActiveRuns = defineStore('active-runs', () => {
  const byId = shallowRef(new Map<string, ImportView>())
  const runs = computed(() => [...byId.value.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)))

  async function load(): Promise<void> {
    const status = sessionStatuses.filter((each) => !isFinal(each))
    const page = await listImports({ status, limit: most }, { background: true }).catch(() => null)
    if (page) byId.value = new Map(page.items.map((view) => [view.id, view]))
  }

  function note(view: ImportView): void {
    const next = new Map(byId.value)
    if (isFinal(view.status)) next.delete(view.id)
    else next.set(view.id, view)
    byId.value = next
  }

  useFeed().listen({
    onImport: note,
    onProgress: ({ importId, status, progress, ledger }) => {
      const known = byId.value.get(importId)
      if (known) note({ ...known, status, progress, ledger })
    },
    onLive: (live) => live && void load(),
    onQuiet: () => byId.value.size > 0 && void load(),
  })

  return { runs, load }
})
