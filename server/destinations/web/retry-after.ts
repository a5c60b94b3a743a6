/** Milliseconds that a Retry-After header asks for: seconds, or a moment. Undefined when there is none that makes sense; at most an hour. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : undefined
}
