import { isFinal } from '../../shared/session-status.ts'
import type { EventSequence } from '../../shared/watch/event-sequence.ts'
import type { Alarm } from './alarm.ts'
import type { Outcome, WatchListener, WatchServer } from './watch-types.ts'

export type Polling = {
  server: WatchServer
  importId: string
  token: string | null
  sequence: EventSequence
  listener: WatchListener
  signal: AbortSignal
}

/** Reads everything stored after the sequence's last event; over HTTP, page by page. */
export async function catchUpByHttp({ server, importId, token, sequence, listener, signal }: Polling): Promise<void> {
  for (let more = true; more;) {
    const before = sequence.last
    const page = await server.events(importId, before, token, signal)
    const fresh = sequence.accept(page.events)
    if (fresh.length > 0) listener.onEvents(fresh)
    more = page.more && sequence.last > before
  }
}

/** Watches by asking again and again. Ends when the run has ended, or when `alarm` is rung: there may be a better way now. Throws ApiError. */
export async function followByPolling(polling: Polling, alarm: Alarm, everyMs: number): Promise<Outcome> {
  const { server, importId, token, sequence, listener, signal } = polling
  for (let woken = false; !woken && !signal.aborted; woken = await alarm.wait(signal, everyMs)) {
    const view = await server.view(importId, token, signal)
    await catchUpByHttp(polling)
    listener.onImport(view)
    listener.onState('polling')
    if (isFinal(view.status) && sequence.last >= view.lastSeq) return { type: 'ended' }
  }
  return { type: 'woken' }
}
