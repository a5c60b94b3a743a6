import { computed, ref, watch } from 'vue'
import type { Ref } from 'vue'
import type { LogSource } from '../log/log-source.ts'
import type { WatchedLog } from '../stores/watched-log.ts'

/** The lines that tell of one delivery: what is stored, then what comes. Null for none. */
export function useDeliveryLog(log: WatchedLog, delivery: Readonly<Ref<{ account: string; file: number } | null>>) {
  const version = ref(0)
  const loading = ref(false)
  const search = ref<ReturnType<WatchedLog['follow']>['found'] | null>(null) as Ref<ReturnType<WatchedLog['follow']>['found'] | null>

  const source = computed<LogSource>(() => {
    void [version.value, log.version.value]
    const lines = search.value?.lines ?? []
    return { count: lines.length, line: (index) => lines[index] }
  })

  watch(
    delivery,
    async (wanted, _before, onCleanup) => {
      search.value = null
      if (!wanted) return
      const { found, end } = log.follow({ levels: [], text: '', stream: `account/${wanted.account}`, file: wanted.file })
      let over = false
      onCleanup(() => {
        over = true
        end()
      })
      search.value = found
      loading.value = true
      while (!found.complete && !over) {
        await found.readMore().catch(() => (over = true))
        version.value++
      }
      if (search.value === found) loading.value = false
    },
    { immediate: true },
  )

  return { source, loading }
}
