import type Router from '@koa/router'
import type { Users } from '../../auth/users.ts'
import { userBody, userPatch } from '../../../shared/schemas/requests.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { parse } from '../middleware/parse.ts'

/** GET and POST /users, PATCH /users/:id: for superusers. */
export function userRoutes(router: Router<State>, { users, access }: { users: Users; access: Access }): void {
  router.get('/api/users', access.superuser, async (ctx) => {
    ctx.body = { items: await users.list() }
  })

  router.post('/api/users', access.superuser, jsonBody(), async (ctx) => {
    ctx.body = { user: await users.add(parse(userBody, ctx.request.body)) }
    ctx.status = 201
  })

  router.patch('/api/users/:id', access.superuser, jsonBody(), async (ctx) => {
    ctx.body = { user: await users.change(String(ctx.params['id']), parse(userPatch, ctx.request.body)) }
  })
}
