import { buildClient, isStale } from './client-build.ts'
import { root } from './root.ts'

/** Builds the page when it is missing or older than its sources. A stop meanwhile stops the build as well. */
async function bringClientUpToDate(): Promise<boolean> {
  if (!isStale(root)) return true
  console.log('Building the page. This happens once, and again when its sources change.')
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const { ok, output } = await buildClient(stop.signal)
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  if (!ok && !stop.signal.aborted) console.error(`${output}\nThe page could not be built.`)
  return ok
}

// In this process, so that signals and arguments are the server's own.
if (await bringClientUpToDate()) await import('../server/main.ts')
else process.exitCode = 1
