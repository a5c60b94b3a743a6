import { setTimeout as delay } from 'node:timers/promises'
import { isFinal } from '../../../shared/session-status.ts'
import { bounded } from '../cluster/bounded.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Moment, Scenario } from '../cluster/scenario.ts'

/** What may happen to the processes themselves. */
export const processScenarios: Scenario[] = [
  {
    name: 'kill -9 of the one process',
    engines: ['embedded'],
    disturb: async ({ cluster }) => {
      await cluster.kill('both')
      await cluster.heal()
    },
  },
  {
    name: 'SIGTERM of the one process',
    engines: ['embedded'],
    disturb: async ({ cluster }) => {
      await terminate(cluster, 'both')
      await cluster.heal()
    },
    check: noDeath,
  },
  {
    name: 'SIGSTOP of the one process past its lease',
    engines: ['embedded'],
    disturb: async ({ cluster }) => {
      cluster.stop('both')
      await delay(2_500)
      cluster.resume('both')
    },
  },
  {
    name: 'kill -9 of a worker',
    engines: ['distributed'],
    disturb: async (moment) => void (await moment.cluster.kill(victim(moment))),
  },
  {
    name: 'kill -9 of an API process',
    engines: ['distributed'],
    disturb: async ({ cluster, random }) => {
      await cluster.kill(random.pick(cluster.names('serve')))
      await cluster.heal()
    },
    check: noDeath,
  },
  {
    name: 'kill -9 of all processes',
    engines: ['distributed'],
    disturb: async ({ cluster }) => {
      await Promise.all([...cluster.names('serve'), ...cluster.names('work')].map(async (name) => await cluster.kill(name)))
      await cluster.heal()
    },
  },
  {
    name: 'SIGTERM of a worker',
    engines: ['distributed'],
    disturb: async (moment) => await terminate(moment.cluster, victim(moment)),
    check: noDeath,
  },
  { name: 'SIGSTOP of a worker past its lease, SIGCONT', engines: ['distributed'], disturb: stopPastLease },
]

/** Who works on the run, or else anybody who works. */
function victim({ cluster, run, random }: Moment): string {
  return cluster.workerOf(run.importId) ?? random.pick(cluster.names('work'))
}

async function terminate(cluster: Cluster, name: string): Promise<void> {
  const code = await cluster.kill(name, 'SIGTERM')
  if (code !== 0) cluster.faults.push(`${name} ended with ${code} at SIGTERM`)
}

/** It wakes when others have ended what it was at, and must find that out before it does harm. */
async function stopPastLease(moment: Moment): Promise<void> {
  const { cluster, runs } = moment
  const name = victim(moment)
  cluster.stop(name)
  for (const run of runs) {
    const ended = async (): Promise<void> => {
      while (!isFinal((await run.view()).status)) await delay(100)
    }
    await bounded(60_000, ended(), () => `the end of ${run.importId} while ${name} stands still`)
  }
  cluster.resume(name)
  const idle = async (): Promise<void> => {
    while (!cluster.isIdle(name)) await delay(50)
  }
  await bounded(30_000, idle(), () => `${name} still works after others ended its runs`)
}

/** Who stops in order hands its runs over: nobody may say that their worker was lost. */
export function noDeath({ events, faults }: Parameters<NonNullable<Scenario['check']>>[0]): void {
  const lost = events.some(({ data }) => typeof data === 'object' && data !== null && 'reason' in data && data.reason === 'worker_lost')
  if (lost) faults.falseStates.push('a worker was said to be lost')
}
