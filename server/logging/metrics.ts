import { collectDefaultMetrics, Registry } from 'prom-client'

/** Figures for Prometheus, in a registry of their own: there may be several applications in one process. */
export function createMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
