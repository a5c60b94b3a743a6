import type { ImportView, Ledger, StoredEvent } from '../../../shared/protocol/views.ts'
import { logLine } from '../../../server/sessions/log-text.ts'
import { falseMoves, logFaults } from '../log-faults.ts'
import type { Content } from '../restore/fault-target.ts'
import type { ClusterRun } from './run.ts'

/** What may be wrong after a fault, counted: rows that are missing or too many, states that are not true, logs with holes, anything else. */
export type Faults = { lost: string[]; doubled: string[]; falseStates: string[]; holes: string[]; other: string[] }

export const noFaults = (): Faults => ({ lost: [], doubled: [], falseStates: [], holes: [], other: [] })

/** How a run is to end: as one that nobody disturbed. */
export type Expected = { status: ImportView['status']; ledger: Ledger; content: Content; rejected: string }

export async function checkLog(run: ClusterRun, view: ImportView, faults: Faults): Promise<StoredEvent[]> {
  const events = await run.events()
  faults.holes.push(...logFaults(events, view.lastSeq, view.logChecksum))
  if ((await run.logText()) !== events.map((event) => logLine(event)).join('')) faults.holes.push('the log as text is another')
  for (const { who, events: seen } of run.seen) {
    const at = Array.from({ length: Math.max(seen.length, events.length) }).findIndex((_none, n) => line(seen[n]) !== line(events[n]))
    if (at !== -1) faults.holes.push(`${who} saw as event ${at + 1} ${line(seen[at])}, stored is ${line(events[at])}`)
  }
  faults.falseStates.push(...falseMoves(events))
  const last = events.findLast(({ status }) => status !== undefined)?.status
  if (last !== view.status) faults.falseStates.push(`the run is ${view.status}, its log ends with ${last}`)
  const { total, succeeded, failed, skipped, notReached } = view.ledger
  if (total !== null && total !== succeeded + failed + skipped + (notReached ?? 0))
    faults.falseStates.push(`the ledger does not add up: ${JSON.stringify(view.ledger)}`)
  return events
}

export function checkEnd(view: ImportView, found: { content: Content; rejected: string }, expected: Expected, faults: Faults): void {
  if (view.status !== expected.status) faults.falseStates.push(`${view.status} instead of ${expected.status}: ${JSON.stringify(view.error)}`)
  else if (JSON.stringify(view.ledger) !== JSON.stringify(expected.ledger)) faults.falseStates.push(`the ledger says ${JSON.stringify(view.ledger)}`)
  if (found.rejected !== expected.rejected) faults.other.push('other records were rejected')
  checkContent(found.content, expected.content, faults)
}

/** Compares what a target holds. */
function checkContent(found: Content, expected: Content, faults: Faults): void {
  if (found.hash === expected.hash) return
  const before = faults.lost.length + faults.doubled.length
  for (const [table, rows] of Object.entries(expected.rows)) {
    const has = found.rows[table] ?? 0
    if (has < rows) faults.lost.push(`${rows - has} rows of ${table}`)
    if (has > rows) faults.doubled.push(`${has - rows} rows of ${table}`)
  }
  if (faults.lost.length + faults.doubled.length === before) faults.lost.push('rows differ')
}

function line(event: StoredEvent | undefined): string {
  if (!event) return 'nothing'
  const { seq, at, type, level, stream, message, data, status } = event
  return JSON.stringify([seq, at, type, level, stream, message, data, status]).slice(0, 300)
}
