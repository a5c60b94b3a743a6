import { paths } from '../../shared/protocol/paths.ts'
import type { ImportView, StoredEvent, WatchGrant } from '../../shared/protocol/views.ts'
import type { Api } from './api.ts'
import { followImport } from './follow.ts'
import type { FollowListener } from './follow.ts'
import { describeEnd, exitCodeOf } from './import-text.ts'
import { Printer, eventLine } from './printer.ts'
import { ProgressBar } from './progress-bar.ts'
import type { Surroundings } from './surroundings.ts'

type WatchRun = {
  api: Api
  importId: string
  /** A watch token that is at hand already. */
  token?: string
  json: boolean
  /** Goes on after this event. */
  after?: number
  /** Shows only these events. All are read all the same, so that the end is known. */
  wanted?: (event: StoredEvent) => boolean
  /** Log lines alone: no progress, and nothing about the end. */
  logOnly?: boolean
}

/**
 * Follows a run to its end, on the terminal or into a pipe. Answers the exit code that says how it ended.
 * As JSON, one object a line: `{"event":…}`, `{"progress":…}` and at the end `{"import":…}`; with `logOnly` the bare events.
 */
export async function watchRun(run: WatchRun, { out, err, interrupted }: Surroundings): Promise<number> {
  const { api, importId, json, logOnly = false } = run
  const bar = logOnly || json ? null : new ProgressBar(err)
  const token = run.token ?? api.watchToken ?? (await api.post<WatchGrant>(paths.watchTokens(importId), { json: {} })).token
  const printer = new Printer(out, json)
  const listener = screenListener(run, printer, bar, { out, err })
  let view: ImportView
  try {
    view = await followImport({ url: api.url, importId, token, signal: interrupted, listener, ...(run.after !== undefined && { after: run.after }) })
  } catch (error) {
    bar?.hide()
    if (interrupted.aborted) err.write(`Stopped watching. The run goes on: intake watch ${importId}\n`)
    throw error
  }
  bar?.hide()
  if (!logOnly) printer.result({ import: view }, () => describeEnd(view))
  return exitCodeOf(view)
}

function screenListener(run: WatchRun, printer: Printer, bar: ProgressBar | null, { out, err }: Pick<Surroundings, 'out' | 'err'>): FollowListener {
  let lost = false
  const show = (event: StoredEvent): void => {
    if (run.wanted?.(event) === false) return
    if (!run.json) out.write(`${eventLine(event, out)}\n`)
    else printer.result(run.logOnly ? event : { event }, () => '')
  }
  return {
    onEvents: (events) => {
      bar?.hide()
      for (const event of events) show(event)
    },
    onProgress: ({ status, progress, ledger }) => {
      if (run.json && !run.logOnly) printer.result({ progress: { status, progress, ledger } }, () => '')
      else bar?.show(progress, ledger)
    },
    onConnection: (reason) => {
      if (lost === (reason !== null)) return
      lost = reason !== null
      bar?.hide()
      err.write(lost ? `Connection lost (${reason}). The run goes on; trying to come back.\n` : 'Connected again.\n')
    },
  }
}
