import type Router from '@koa/router'
import type { Database } from '../../database/database.ts'
import type { EventSignals } from '../../realtime/event-signals.ts'
import { readEvents } from '../../realtime/event-rows.ts'
import { readDeliveries } from '../../sessions/deliveries/read-deliveries.ts'
import type { ImportControl } from '../../sessions/import-control.ts'
import type { ImportReader } from '../../sessions/import-reader.ts'
import { deliveriesQuery, eventsQuery, historyQuery, logQuery, rejectedQuery, retryBody } from '../../../shared/schemas/requests.ts'
import { watchTokenHeader } from '../../../shared/protocol/paths.ts'
import type { State } from '../context.ts'
import { loginOf } from '../middleware/access.ts'
import type { Access } from '../middleware/access.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { parse } from '../middleware/parse.ts'
import type { WatchCookies } from '../watch-cookies.ts'
import { logText, rejectedText } from './import-texts.ts'

type Parts = {
  database: Database
  reader: ImportReader
  control: ImportControl
  signals: EventSignals
  access: Access
  cookies: WatchCookies
}

/** The import sessions that are there: history, one, its events, log and rejected records; cancel and retry. */
export function importRoutes(router: Router<State>, parts: Parts): void {
  const { database, reader, control, access, cookies } = parts
  const id = (params: Record<string, string>) => String(params['id'])

  router.get('/api/imports', access.login, async (ctx) => {
    ctx.body = await reader.history(parse(historyQuery, ctx.query))
  })

  router.get('/api/imports/:id', access.watcher, async (ctx) => {
    const view = await reader.get(id(ctx.params))
    // A page that got a new token over its socket brings it here once, so that a reload finds it in the cookie.
    const token = ctx.get(watchTokenHeader)
    if (token) cookies.set(ctx, view.id, token)
    ctx.body = { import: view }
  })

  router.get('/api/imports/:id/events', access.watcher, async (ctx) => {
    const view = await reader.get(id(ctx.params))
    ctx.body = await readEvents(database.em(), view.id, parse(eventsQuery, ctx.query))
  })

  router.get('/api/imports/:id/log', access.watcher, async (ctx) => {
    const view = await reader.get(id(ctx.params))
    const follow = parse(logQuery, ctx.query).follow === '1'
    ctx.type = 'text/plain; charset=utf-8'
    if (follow) ctx.req.socket.setTimeout(0)
    else ctx.attachment(`${view.id}.log`)
    ctx.body = logText(parts, view.id, follow)
  })

  router.get('/api/imports/:id/rejected', access.watcher, async (ctx) => {
    const view = await reader.get(id(ctx.params))
    const csv = parse(rejectedQuery, ctx.query).format === 'csv'
    ctx.attachment(`${view.id}-rejected.${csv ? 'csv' : 'ndjson'}`)
    ctx.type = csv ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8'
    ctx.body = rejectedText(database, view, csv)
  })

  router.get('/api/imports/:id/deliveries', access.watcher, async (ctx) => {
    const view = await reader.get(id(ctx.params))
    ctx.body = await readDeliveries(database, view.id, parse(deliveriesQuery, ctx.query))
  })

  router.post('/api/imports/:id/cancel', access.login, async (ctx) => {
    await control.cancel(id(ctx.params), loginOf(ctx).userName)
    ctx.body = { import: await reader.get(id(ctx.params)) }
  })

  router.post('/api/imports/:id/continue', access.login, async (ctx) => {
    await control.confirm(id(ctx.params), loginOf(ctx).userName)
    ctx.body = { import: await reader.get(id(ctx.params)) }
  })

  router.post('/api/imports/:id/retry', access.login, jsonBody(), async (ctx) => {
    const { only } = parse(retryBody, ctx.request.body ?? {})
    await control.retry(id(ctx.params), only, loginOf(ctx).userName)
    ctx.body = { import: await reader.get(id(ctx.params)) }
  })
}
