import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { latencies } from '../latency/figures.ts'
import type { Latencies } from '../latency/figures.ts'

/** Lag of a server's event loop over a stretch of time, in milliseconds: from outside round trips of `/healthz`, from inside what `/metrics` says. */
export type Lag = { outside: Latencies; inside: { p50: number; p99: number; max: number } }

const everyMs = 10

/** Measures while the work goes on. Its answer and the lag. */
export async function lagDuring<T>(url: string, work: () => Promise<T>): Promise<{ result: T; lag: Lag }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const stop = new AbortController()
  // Each look at the metrics begins a new stretch.
  await insideLag(url)
  const trips = roundTrips(`${url}/healthz`, agent, stop.signal)
  try {
    const result = await work()
    stop.abort()
    return { result, lag: { outside: latencies(await trips), inside: await insideLag(url) } }
  } finally {
    stop.abort()
    await trips
    agent.destroy()
  }
}

async function roundTrips(url: string, agent: Agent, stop: AbortSignal): Promise<number[]> {
  const trips: number[] = []
  while (!stop.aborted) {
    const start = performance.now()
    await roundTrip(url, agent)
    trips.push(performance.now() - start)
    await delay(everyMs)
  }
  return trips
}

async function roundTrip(url: string, agent: Agent): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const asked = request(url, { agent }, (response) => response.resume().on('end', resolve))
  asked.on('error', reject).end()
  await promise
}

async function insideLag(url: string): Promise<Lag['inside']> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string): number => Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text)?.[1]) * 1000
  return { p50: value('p50'), p99: value('p99'), max: value('max') }
}
