import type Router from '@koa/router'
import type { WatchTokens } from '../../auth/watch-tokens.ts'
import type { ImportReader } from '../../sessions/import-reader.ts'
import type { State } from '../context.ts'
import { loginOf } from '../middleware/access.ts'
import type { Access } from '../middleware/access.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'
import type { WatchCookies } from '../watch-cookies.ts'

type Parts = { tokens: WatchTokens; reader: ImportReader; access: Access; rateLimits: RateLimits; cookies: WatchCookies }

/** Issue, list and revoke the watch tokens of an import session. A token can't make another: these need a login. */
export function watchTokenRoutes(router: Router<State>, { tokens, reader, access, rateLimits, cookies }: Parts): void {
  router.post('/api/imports/:id/watch-tokens', access.login, rateLimits.watchToken, async (ctx) => {
    const { id } = await reader.get(String(ctx.params['id']))
    const { userId, loginId } = loginOf(ctx)
    const { token, expiresAt } = await tokens.issue({ userId, importId: id, loginId })
    cookies.set(ctx, id, token)
    ctx.body = { token, expiresAt }
    ctx.status = 201
  })

  router.get('/api/imports/:id/watch-tokens', access.login, async (ctx) => {
    const { id } = await reader.get(String(ctx.params['id']))
    ctx.body = { items: await tokens.list(id) }
  })

  router.delete(['/api/imports/:id/watch-tokens', '/api/imports/:id/watch-tokens/:tokenId'], access.login, async (ctx) => {
    const { id } = await reader.get(String(ctx.params['id']))
    await tokens.revoke(id, ctx.params['tokenId'])
    ctx.status = 204
  })
}
