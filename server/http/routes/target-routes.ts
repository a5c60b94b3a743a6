import type Router from '@koa/router'
import { z } from 'zod'
import type { TargetRecords } from '../../targets/target-records.ts'
import { rowsQuery, targetBody, targetPatch } from '../../../shared/schemas/requests.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { parse } from '../middleware/parse.ts'

const testBody = z.object({ url: z.string().trim().min(1).max(2000) })

/** Databases: list, add, change, remove, test, look inside.. */
export function targetRoutes(router: Router<State>, { targets, access }: { targets: TargetRecords; access: Access }): void {
  const id = (params: Record<string, string>) => String(params['id'])

  router.get('/api/targets', access.login, async (ctx) => {
    ctx.body = { items: await targets.list() }
  })
  router.post('/api/targets', access.login, jsonBody(), async (ctx) => {
    ctx.body = { target: await targets.add(parse(targetBody, ctx.request.body)) }
    ctx.status = 201
  })
  // Tests an address before it is saved.
  router.post('/api/targets/test', access.login, jsonBody(), async (ctx) => {
    ctx.body = await targets.testUrl(parse(testBody, ctx.request.body).url)
  })
  router.get('/api/targets/:id', access.login, async (ctx) => {
    ctx.body = { target: await targets.get(id(ctx.params)) }
  })
  router.patch('/api/targets/:id', access.login, jsonBody(), async (ctx) => {
    const { name, url } = parse(targetPatch, ctx.request.body)
    ctx.body = { target: await targets.change(id(ctx.params), { ...(name !== undefined && { name }), ...(url !== undefined && { url }) }) }
  })
  router.delete('/api/targets/:id', access.login, async (ctx) => {
    await targets.remove(id(ctx.params))
    ctx.status = 204
  })
  router.post('/api/targets/:id/test', access.login, async (ctx) => {
    ctx.body = await targets.test(id(ctx.params))
  })
  router.get('/api/targets/:id/tables', access.login, async (ctx) => {
    ctx.body = { items: await targets.tables(id(ctx.params)) }
  })
  router.get('/api/targets/:id/tables/:table/rows', access.login, async (ctx) => {
    const { page, limit } = parse(rowsQuery, ctx.query)
    ctx.body = await targets.rows(id(ctx.params), String(ctx.params['table']), { offset: (page - 1) * limit, limit })
  })
}
