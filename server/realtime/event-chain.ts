import { hash } from 'node:crypto'
import type { StoredEvent } from '../../shared/protocol/views.ts'

/** The chain before the first event. */
export const chainStart = '0'.repeat(64)

/**
 * The checksum of a log: each event's SHA-256 covers the one before it, so that one changed, lost or moved event changes all that follow.
 * Answers the chain, 64 hex digits, after `events` when it was `previous` before them.
 */
export function chainEvents(previous: string, events: StoredEvent[]): string {
  let chain = previous
  // In one call for each event: less than half the time that a hash object takes which is fed piece by piece.
  for (const event of events) chain = hash('sha256', `${chain}\n${canonicalLine(event)}`)
  return chain
}

function canonicalLine(event: StoredEvent): string {
  const { seq, at, type, level, stream, message, data, status } = event
  return JSON.stringify([seq, at, type, level ?? null, stream ?? null, message ?? null, data ?? null, status ?? null])
}
