import { createHmac } from 'node:crypto'

export type SignedParts = { method: string; target: string; idempotencyKey: string; sha256: string; size: number }

/**
 * Headers by which an endpoint knows that a delivery is ours and whole: the signature is HMAC-SHA256, in hex, over six lines joined by "\n": the timestamp
 * (seconds since 1970), the method, the path with its query as sent, the idempotency key, the file's SHA-256 in hex, its size. The endpoint compares the
 * signature, refuses timestamps that are old, and compares the SHA-256 with that of what it received.
 */
export function signatureHeaders(key: string | undefined, parts: SignedParts, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const { method, target, idempotencyKey, sha256, size } = parts
  const known = { 'Idempotency-Key': idempotencyKey, 'X-Intake-Content-SHA256': sha256, 'X-Intake-Content-Length': String(size) }
  if (key === undefined) return known
  const text = [timestamp, method, target, idempotencyKey, sha256, size].join('\n')
  const signature = createHmac('sha256', key).update(text).digest('hex')
  return { ...known, 'X-Intake-Timestamp': timestamp, 'X-Intake-Signature': `v1=${signature}` }
}
