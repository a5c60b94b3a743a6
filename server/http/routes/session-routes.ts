import type Router from '@koa/router'
import type { LoginSessions } from '../../auth/login-sessions.ts'
import type { Users } from '../../auth/users.ts'
import { presentUser } from '../../auth/users.ts'
import { AppError } from '../../errors.ts'
import { loginCookie } from '../../../shared/protocol/paths.ts'
import type { MeView } from '../../../shared/protocol/views.ts'
import { parseCookies } from '../../auth/authenticate.ts'
import { loginBody, logoutBody } from '../../../shared/schemas/requests.ts'
import type { State } from '../context.ts'
import { loginOf } from '../middleware/access.ts'
import type { Access } from '../middleware/access.ts'
import { jsonBody } from '../middleware/json-body.ts'
import { parse } from '../middleware/parse.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'

type Parts = { logins: LoginSessions; users: Users; access: Access; rateLimits: RateLimits; secureCookies: boolean }

/** POST /login, POST /logout, GET /me. */
export function sessionRoutes(router: Router<State>, { logins, users, access, rateLimits, secureCookies }: Parts): void {
  const cookie = { httpOnly: true, sameSite: 'lax', secure: secureCookies, path: '/', overwrite: true } as const

  router.post('/api/login', jsonBody(), async (ctx) => {
    const { login, password } = parse(loginBody, ctx.request.body)
    await rateLimits.login.attempt(ctx.ip, login)
    const opened = await logins.open(login, password)
    await rateLimits.login.succeeded(ctx.ip, login)
    ctx.cookies.set(loginCookie, opened.secret, { ...cookie, maxAge: opened.absoluteExpiresAt - Date.now() })
    ctx.body = { user: presentUser(opened.user), ...expiry(opened) } satisfies MeView
  })

  router.post('/api/logout', access.login, jsonBody(), async (ctx) => {
    await logins.end(loginOf(ctx), parse(logoutBody, ctx.request.body ?? {}))
    ctx.cookies.set(loginCookie, null, cookie)
    ctx.status = 204
  })

  router.get('/api/me', access.login, async (ctx) => {
    const principal = loginOf(ctx)
    const user = await users.byId(principal.userId)
    const open = await logins.find(parseCookies(ctx.headers.cookie).get(loginCookie) ?? '', false)
    if (!user || !open) throw new AppError('unauthenticated', 'Log in first.')
    ctx.body = { user: presentUser(user), ...expiry({ principal, absoluteExpiresAt: open.absoluteExpiresAt }) } satisfies MeView
  })
}

function expiry({ principal, absoluteExpiresAt }: { principal: { expiresAt: number }; absoluteExpiresAt: number }): Omit<MeView, 'user'> {
  return { expiresAt: new Date(principal.expiresAt).toISOString(), absoluteExpiresAt: new Date(absoluteExpiresAt).toISOString() }
}
