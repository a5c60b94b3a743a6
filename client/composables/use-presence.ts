import { onScopeDispose, watch } from 'vue'
import { useActiveRuns } from '../stores/active-runs.ts'
import { useFeed } from '../stores/feed.ts'
import { useSession } from '../stores/session.ts'
import { useWatches } from '../stores/watches.ts'

/** Keeps what is live in step with the person and the network: a login opens the feed, a page that is looked at again tries at once what it waits for. */
export function usePresence(): void {
  const session = useSession()
  const feed = useFeed()
  const watches = useWatches()
  useActiveRuns()

  watch(
    () => session.state,
    (state) => {
      if (state === 'in') feed.open()
      if (state === 'out') feed.close()
    },
    { immediate: true },
  )
  watch(
    () => session.logins,
    () => watches.resume(),
  )

  function look(): void {
    if (document.visibilityState !== 'visible') return
    feed.nudge()
    watches.nudge()
    void session.recheck()
  }

  function lose(): void {
    feed.interrupt()
    watches.interrupt()
  }

  const stop = new AbortController()
  window.addEventListener('offline', lose, { signal: stop.signal })
  window.addEventListener('online', look, { signal: stop.signal })
  window.addEventListener('focus', look, { signal: stop.signal })
  window.addEventListener('pageshow', look, { signal: stop.signal })
  document.addEventListener('visibilitychange', look, { signal: stop.signal })
  onScopeDispose(() => stop.abort())
}
