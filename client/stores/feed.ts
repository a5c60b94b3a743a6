import { defineStore } from 'pinia'
import { ref } from 'vue'
import { Quiet } from '../realtime/quiet.ts'
import { watchHistory } from '../realtime/watch-history.ts'
import type { HistoryListener, HistoryWatch } from '../realtime/watch-history.ts'
import { useSession } from './session.ts'

const reopenMs = 1000
/** A run that works is heard of more often. */
const quietMs = 20_000

/** `onQuiet`: nothing was told for a while. Who shows runs as living asks whether they are. */
export type FeedListener = Partial<Pick<HistoryListener, 'onImport' | 'onProgress' | 'onLive'> & { onQuiet: () => void }>

/** What the server tells about every import session while someone is logged in. Other stores listen. */
export const useFeed = defineStore('feed', () => {
  const session = useSession()
  const live = ref(false)
  const listeners = new Set<FeedListener>()
  const quiet = new Quiet(quietMs, () => tell((listener) => listener.onQuiet?.()))
  let watch: HistoryWatch | undefined

  /** Opens the feed, or opens it again after a login. */
  function open(): void {
    if (watch) return watch.resume()
    watch = watchHistory({
      onImport: (view) => {
        quiet.heard()
        tell((listener) => listener.onImport?.(view))
      },
      onProgress: (figures) => {
        quiet.heard()
        tell((listener) => listener.onProgress?.(figures))
      },
      onLive: (now) => {
        live.value = now
        if (now) quiet.heard()
        else quiet.stop()
        tell((listener) => listener.onLive?.(now))
      },
      onUnauthorized: () => void recheck(),
    })
  }

  // The socket ends when the login it was opened with would have: if the person was active meanwhile, there still is one.
  async function recheck(): Promise<void> {
    await session.check()
    if (session.state === 'in') setTimeout(() => watch?.resume(), reopenMs)
  }

  function close(): void {
    watch?.close()
    quiet.stop()
    watch = undefined
    live.value = false
  }

  function tell(call: (listener: FeedListener) => void): void {
    for (const listener of listeners) call(listener)
  }

  /** Answers the function that ends it. */
  function listen(listener: FeedListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return { live, open, close, listen, nudge: () => watch?.nudge(), interrupt: () => watch?.interrupt() }
})
