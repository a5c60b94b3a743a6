import { buildClient, isStale } from './client-build.ts'
import { root } from './root.ts'

const echoMs = 1_000

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

/**
 * npm passes on the Ctrl-C that the terminal has already given to us. The server stops cleanly at the first and ends at once at a second, so the echo
 * is kept from it: only a signal that comes later is one that somebody meant.
 */
function ignoreEcho(signal: NodeJS.Signals): void {
  let heard = false
  const onSignal = (): void => {
    const serverListens = process.listenerCount(signal) > 1
    if (!heard && !serverListens) process.exit(1)
    if (!heard) setTimeout(() => process.off(signal, onSignal), echoMs).unref()
    heard = true
  }
  process.prependListener(signal, onSignal)
}

if (await bringClientUpToDate()) {
  ignoreEcho('SIGINT')
  ignoreEcho('SIGTERM')
  // In this process, so that signals and arguments are the server's own.
  await import('../server/main.ts')
} else process.exitCode = 1
