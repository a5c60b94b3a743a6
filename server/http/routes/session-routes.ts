import type Router from '@koa/router'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
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

type Parts = { logins: LoginSessions; users: Users; access: Access; secureCookies: boolean }

/** POST /login, POST /logout, GET /me. */
export function sessionRoutes(router: Router<State>, { logins, users, access, secureCookies }: Parts): void {
  // By address and by login: one address can't try many logins, many addresses can't try one.
  const byAddress = new RateLimiterMemory({ points: 30, duration: 300 })
  const byLogin = new RateLimiterMemory({ points: 10, duration: 300 })
  const cookie = { httpOnly: true, sameSite: 'lax', secure: secureCookies, path: '/', overwrite: true } as const

  router.post('/api/login', jsonBody(), async (ctx) => {
    const { login, password } = parse(loginBody, ctx.request.body)
    await limit([byAddress.consume(ctx.ip), byLogin.consume(login.toLowerCase())])
    const opened = await logins.open(login, password)
    // Only what went wrong counts: an office behind one address, or a script that logs in for each call, guesses nothing.
    await Promise.all([byAddress.reward(ctx.ip), byLogin.delete(login.toLowerCase())])
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

async function limit(attempts: Promise<RateLimiterRes>[]): Promise<void> {
  try {
    await Promise.all(attempts)
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown
    const retryAfterSeconds = Math.ceil(thrown.msBeforeNext / 1000)
    throw new AppError('rate_limited', `Too many attempts to log in. Try again in ${retryAfterSeconds} seconds.`, { details: { retryAfterSeconds } })
  }
}
