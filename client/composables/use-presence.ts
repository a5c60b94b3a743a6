import { onScopeDispose, watch } from 'vue'
import { useActiveRuns } from '../stores/active-runs.ts'
import { useFeed } from '../stores/feed.ts'
import { useImports } from '../stores/imports.ts'
import { useSession } from '../stores/session.ts'

/** Keeps what is live in step with the person and the network: a login opens the feed, a page that is looked at again tries at once what it waits for. */
export function usePresence(): void {
  const session = useSession()
  const feed = useFeed()
  const imports = useImports()
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
    () => imports.resume(),
  )

  function look(): void {
    if (document.visibilityState !== 'visible') return
    feed.nudge()
    imports.nudge()
    void session.recheck()
  }

  function lose(): void {
    feed.interrupt()
    imports.interrupt()
  }

  const stop = new AbortController()
  window.addEventListener('offline', lose, { signal: stop.signal })
  window.addEventListener('online', look, { signal: stop.signal })
  window.addEventListener('focus', look, { signal: stop.signal })
  window.addEventListener('pageshow', look, { signal: stop.signal })
  document.addEventListener('visibilitychange', look, { signal: stop.signal })
  onScopeDispose(() => stop.abort())
}
