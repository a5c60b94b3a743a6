import type Router from '@koa/router'
import type { AccountRecords } from '../../destinations/account-records.ts'
import { accountBody, accountPatch, accountPlace } from '../../../shared/schemas/account.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { parse } from '../middleware/parse.ts'

/** Where bulk uploads deliver: list, add, change, remove, test. */
export function accountRoutes(router: Router<State>, { accounts, access }: { accounts: AccountRecords; access: Access }): void {
  const id = (params: Record<string, string>) => String(params['id'])

  router.get('/api/accounts', access.login, async (ctx) => {
    ctx.body = { items: await accounts.list() }
  })
  router.post('/api/accounts', access.login, jsonBody(), async (ctx) => {
    ctx.body = { account: await accounts.add(parse(accountBody, ctx.request.body)) }
    ctx.status = 201
  })
  router.post('/api/accounts/test', access.login, jsonBody(), async (ctx) => {
    ctx.body = await accounts.testPlace(parse(accountPlace, ctx.request.body))
  })
  router.get('/api/accounts/:id', access.login, async (ctx) => {
    ctx.body = { account: await accounts.get(id(ctx.params)) }
  })
  router.patch('/api/accounts/:id', access.login, jsonBody(), async (ctx) => {
    ctx.body = { account: await accounts.change(id(ctx.params), parse(accountPatch, ctx.request.body)) }
  })
  router.delete('/api/accounts/:id', access.login, async (ctx) => {
    await accounts.remove(id(ctx.params))
    ctx.status = 204
  })
  router.post('/api/accounts/:id/test', access.login, async (ctx) => {
    ctx.body = await accounts.test(id(ctx.params))
  })
}
