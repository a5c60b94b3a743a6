import type Router from '@koa/router'
import type { Registry } from 'prom-client'
import type { State } from '../context.ts'

/** GET /healthz: the process answers. GET /readyz: it can work. GET /metrics: figures for Prometheus. */
export function healthRoutes(
  router: Router<State>,
  { needed, metrics, closing }: { needed: Record<string, () => Promise<void>>; metrics: Registry; closing: () => boolean },
): void {
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' }
  })

  router.get('/readyz', async (ctx) => {
    const parts = Object.fromEntries(await Promise.all(Object.entries(needed).map(async ([name, ping]) => [name, await isUp(ping)] as const)))
    const ready = Object.values(parts).every((state) => state === 'up') && !closing()
    ctx.status = ready ? 200 : 503
    ctx.body = { status: ready ? 'ready' : 'not ready', parts, closing: closing() }
  })

  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.metrics()
  })
}

/** A part that does not answer within two seconds is down. */
async function isUp(ping: () => Promise<void>): Promise<'up' | 'down'> {
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('no answer')), 2000).unref())
  return await Promise.race([ping(), late]).then(
    () => 'up' as const,
    () => 'down' as const,
  )
}
