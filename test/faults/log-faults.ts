import type { StoredEvent } from '../../shared/protocol/views.ts'
import { canMove, isFinal } from '../../shared/session-status.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import { chainEvents, chainStart } from '../../server/realtime/event-chain.ts'

/** What is wrong with the events of an ended run: holes, checksums, more than one end. */
export function logFaults(events: StoredEvent[], lastSeq: number, checksum: string | undefined): string[] {
  const faults: string[] = []
  if (events.some(({ seq }, index) => seq !== index + 1) || events.length !== lastSeq) faults.push('the numbers have holes')
  if (chainEvents(chainStart, events) !== checksum) faults.push('the checksum is not that of the events')
  const ends = events.filter(({ status }) => status !== undefined && isFinal(status))
  if (ends.length !== 1 || ends[0] !== events.at(-1)) faults.push(`${ends.length} events end the run`)
  const closing = ends[0]?.data as { count: number; checksum: string } | undefined
  if (closing?.count !== lastSeq || closing.checksum !== chainEvents(chainStart, events.slice(0, -1))) faults.push('the last event tells another log')
  return faults
}

/** States that follow one another although they may not, as `from → to`. */
export function falseMoves(events: StoredEvent[]): string[] {
  const states = events.flatMap(({ status }) => status ?? [])
  const moves = states.slice(1).map((to, index): [SessionStatus, SessionStatus] => [states[index]!, to])
  const wrong = moves.filter(([from, to]) => !canMove(from, to)).map(([from, to]) => `${from} → ${to}`)
  return states[0] === 'queued' ? wrong : [`nothing → ${states[0]}`, ...wrong]
}
