import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** Ages of runs in milliseconds, read when somebody asks. */
export type ReadRunAges = () => Promise<{ queued: number; unleased: number }>

/** Figures for Prometheus, in a registry of their own: there may be several applications in one process. */
export function createMetrics(readRunAges: ReadRunAges): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const queued = gauge(registry, 'intake_oldest_queued_run_seconds', 'How long the run that waits longest has waited for a worker.')
  const unleased = gauge(
    registry,
    'intake_oldest_unleased_run_seconds',
    'How long the longest has been said to be running although no worker is believed to have it. Above 60: alarm.',
  )
  queued.collect = async () => {
    const ages = await readRunAges()
    queued.set(ages.queued / 1000)
    unleased.set(ages.unleased / 1000)
  }
  return registry
}

function gauge(registry: Registry, name: string, help: string): Gauge & { collect?: () => Promise<void> } {
  return new Gauge({ name, help, registers: [registry] })
}
