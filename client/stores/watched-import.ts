import { ref, shallowRef } from 'vue'
import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { getEvents, getImport, issueWatchToken } from '../api/imports.ts'
import type { Reading } from '../api/imports.ts'
import { sessionTokens } from '../realtime/token-storage.ts'
import { watchImport } from '../realtime/watch-client.ts'
import type { WatchServer, WatchState } from '../realtime/watch-types.ts'
import { createWatchedDeliveries } from './watched-deliveries.ts'
import { createWatchedLog } from './watched-log.ts'

export type WatchedImport = ReturnType<typeof createWatchedImport>

type Settings = {
  token?: string | undefined
  /** Called when a run that was seen alive has ended. */
  onFinished: (view: ImportView) => void
  /** Called when a run that was seen before begins to wait for a person. */
  onWaits: (view: ImportView) => void
}

/** Lines that are read at once when a log is opened; older ones come when they are looked at. */
const tail = 1000

const server: WatchServer = {
  view: async (id, token, signal) => await getImport(id, { token, background: true, signal }),
  events: async (id, after, token, signal) => await getEvents(id, { after }, { token, background: true, signal }),
  issue: issueWatchToken,
}

/** One import session that this page watches: its newest view, its log, and how the watching goes. */
export function createWatchedImport(importId: string, { token, onFinished, onWaits }: Settings) {
  const view = shallowRef<ImportView | null>(null)
  const state = ref<WatchState>('connecting')
  const reason = ref<RevokeReason>()
  const log = createWatchedLog(importId, reading)
  const deliveries = createWatchedDeliveries(importId, reading)

  const watch = watchImport({
    importId,
    token,
    after: (seen) => {
      log.lines.startAfter(Math.max(0, seen.lastSeq - tail))
      return log.lines.last
    },
    tokens: sessionTokens(sessionStorage),
    server,
    onImport: note,
    onProgress: ({ status, progress, ledger }) => {
      if (view.value) view.value = { ...view.value, status, progress, ledger, stalled: false }
      deliveries.note(progress)
    },
    onEvents: (events) => {
      log.push(events)
      deliveries.push(events)
    },
    onState: (next, why) => {
      state.value = next
      reason.value = why
    },
  })

  function note(next: ImportView): void {
    const before = view.value
    view.value = next
    deliveries.note(next.progress)
    if (!before || isFinal(before.status)) return
    if (isFinal(next.status)) onFinished(next)
    if (next.hold?.reason === 'confirm' && before.hold?.reason !== 'confirm') onWaits(next)
  }

  // A look at the log is no reason to keep a login alive; the token asks where there is one.
  function reading(): Reading {
    return { token: watch.token, background: true }
  }

  return {
    importId,
    view,
    state,
    reason,
    log,
    deliveries,
    note,
    reading,
    interrupt: () => watch.interrupt(),
    nudge: () => watch.nudge(),
    resume: () => watch.resume(),
    close: () => watch.close(),
  }
}
