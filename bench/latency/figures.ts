export type Latencies = { count: number; p50: number; p95: number; p99: number; max: number }

/** The time at which a paced line was given to `log`, in milliseconds since 1970; null for any other line. */
export function sentAt(message: string): number | null {
  const found = /sent (\d{13})/.exec(message)?.[1]
  return found === undefined ? null : Number(found)
}

/** Percentiles of latencies in milliseconds. */
export function latencies(values: number[]): Latencies {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN }
}

export function inWords(name: string, { count, p50, p95, p99, max }: Latencies): string {
  return `${name}: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${max.toFixed(1)} ms (${count} measured)`
}
