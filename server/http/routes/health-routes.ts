import type Router from '@koa/router'
import type { Registry } from 'prom-client'
import type { Database } from '../../database/database.ts'
import type { State } from '../context.ts'

/** GET /healthz: the process answers. GET /readyz: it can work. GET /metrics: figures for Prometheus. */
export function healthRoutes(
  router: Router<State>,
  { database, metrics, closing }: { database: Database; metrics: Registry; closing: () => boolean },
): void {
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' }
  })

  router.get('/readyz', async (ctx) => {
    const up = await database.ping().then(
      () => true,
      () => false,
    )
    const ready = up && !closing()
    ctx.status = ready ? 200 : 503
    ctx.body = { status: ready ? 'ready' : 'not ready', parts: { database: up ? 'up' : 'down' }, closing: closing() }
  })

  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.metrics()
  })
}
