import { setTimeout as delay } from 'node:timers/promises'
import { bounded } from '../cluster/bounded.ts'
import type { ClusterRun } from '../cluster/run.ts'
import type { Moment, Scenario } from '../cluster/scenario.ts'

/** A run whose worker died goes on elsewhere within this, at default settings. */
const promisedMs = 45_000

/** For a cluster with the default lease. Tells `onSeconds` how long it took until the next attempt began. */
export const lostAtDefaults = (onSeconds: (seconds: number) => void): Scenario => ({
  name: 'kill -9 of a worker, at default settings',
  engines: ['distributed'],
  early: true,
  disturb: async (moment) => await loseWorker(moment, onSeconds),
  limitMs: 180_000,
})

async function loseWorker({ cluster, run }: Moment, onSeconds: (seconds: number) => void): Promise<void> {
  const name = await bounded(20_000, workerOf(run, cluster.workerOf.bind(cluster)), () => `a worker of ${run.importId}`)
  const before = (await run.view()).attempt
  await cluster.kill(name)
  const since = performance.now()
  const goesOn = async (): Promise<void> => {
    while (run.socket.watcher.events.findLast(({ status }) => status === 'running')?.seq === startOf(run, before)) await delay(20)
  }
  await bounded(promisedMs * 3, goesOn(), () => `the next attempt of ${run.importId}`)
  const ms = performance.now() - since
  onSeconds(ms / 1000)
  if (ms > promisedMs) cluster.faults.push(`the run went on after ${Math.round(ms / 1000)} s`)
  const { events } = run.socket.watcher
  if (!events.some(({ message }) => message?.startsWith('Worker lost, resuming')))
    cluster.faults.push('who watched was not told that the worker was lost')
}

/** `seq` of the event with which that attempt began, as the watcher was told. */
function startOf(run: ClusterRun, attempt: number): number | undefined {
  const began = (data: unknown): boolean => typeof data === 'object' && data !== null && 'attempt' in data && data.attempt === attempt
  return run.socket.watcher.events.find(({ status, data }) => status === 'running' && began(data))?.seq
}

async function workerOf(run: ClusterRun, find: (importId: string) => string | undefined): Promise<string> {
  for (;;) {
    const name = find(run.importId)
    if (name !== undefined) return name
    await delay(20)
  }
}
