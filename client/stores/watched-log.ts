import { ref, shallowRef } from 'vue'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { getEvents } from '../api/imports.ts'
import type { Reading } from '../api/imports.ts'
import { LogBuffer, olderPageSize } from '../log/log-buffer.ts'
import { LogSearch } from '../log/log-search.ts'
import type { LogFilter } from '../log/log-search.ts'

export type WatchedLog = ReturnType<typeof createWatchedLog>

/** The log of a watched import session: newest lines as they come, older ones when they are looked at, and a search over all of it. */
export function createWatchedLog(importId: string, reading: () => Reading) {
  const lines = new LogBuffer()
  const search = shallowRef<LogSearch | null>(null)
  /** Grows whenever there is something new in `lines` or `search`: they are too large to be made reactive. */
  const version = ref(0)
  const loading = new Set<number>()
  const followed = new Set<LogSearch>()

  function push(events: readonly StoredEvent[]): void {
    lines.push(events)
    search.value?.push(events)
    for (const each of followed) each.push(events)
    version.value++
  }

  /** Fetches lines `from` to `to` if they are not here. */
  async function need(from: number, to: number): Promise<void> {
    const afters = lines.missing(from, to).filter((after) => !loading.has(after))
    await Promise.all(afters.map(async (after) => await fetchPage(after)))
  }

  async function fetchPage(after: number): Promise<void> {
    loading.add(after)
    try {
      lines.fill(after, (await getEvents(importId, { after, limit: olderPageSize }, reading())).events)
      version.value++
    } finally {
      loading.delete(after)
    }
  }

  /** Looks for lines in the whole log; null ends the search. */
  async function find(filter: LogFilter | null): Promise<void> {
    search.value = filter && searchFor(filter)
    await findMore()
  }

  function searchFor(filter: LogFilter): LogSearch {
    return new LogSearch(filter, async ({ levels, text, stream, file }, after) => {
      return await getEvents(importId, { after, level: levels, stream, file, q: text }, reading())
    })
  }

  /** A search beside the one of the log: it hears of what comes until `end`. */
  function follow(filter: LogFilter): { found: LogSearch; end: () => void } {
    const found = searchFor(filter)
    followed.add(found)
    return { found, end: () => followed.delete(found) }
  }

  async function findMore(): Promise<void> {
    await search.value?.readMore()
    version.value++
  }

  return { lines, search, version, push, need, find, findMore, follow }
}
