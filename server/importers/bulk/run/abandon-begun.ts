import { setTimeout as delay } from 'node:timers/promises'
import type { BulkRun } from './bulk-run.ts'
import { abandon } from './one-delivery.ts'

/** The thread of a run that was cancelled is ended soon; a destination that does not answer holds up no other. */
const mostMs = 5000

/** Who cancels a run wants nothing half done at a destination, also of what waited for its next try, or was under way when a former attempt ended. */
export async function abandonBegun(run: BulkRun): Promise<void> {
  const left = Map.groupBy(await run.ports.book.begun(), ({ account }) => account)
  const enough = new AbortController()
  const ofAccounts = [...left].map(async ([account, rows]) => {
    const lane = run.lanes.of(account)
    for (const row of rows) if (!enough.signal.aborted && !lane.refusal) await abandon(row, run, lane)
  })
  await Promise.race([Promise.all(ofAccounts), delay(mostMs, undefined, { signal: enough.signal }).catch(() => undefined)])
  enough.abort()
}
