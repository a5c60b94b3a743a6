import { parseCookies } from '../../auth/authenticate.ts'
import type { ExchangeLogins, ExchangePrincipal } from '../../auth/exchange-logins.ts'
import { AppError } from '../../errors.ts'
import { exchangeCookie } from '../../../shared/protocol/paths.ts'
import type { Context } from '../context.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'

type Parts = { exchangeLogins: ExchangeLogins; rateLimits: RateLimits }

/** `checkauth`: lets 1C in by the login of the Basic header. Throws `unauthenticated` without one, `login_failed`, `forbidden`, `rate_limited`. */
export async function logIn({ exchangeLogins, rateLimits }: Parts, ctx: Context): Promise<ExchangePrincipal & { secret: string }> {
  const { login, password } = basicOf(ctx)
  await rateLimits.login.attempt(ctx.ip, login)
  const opened = await exchangeLogins.open(login, password)
  await rateLimits.login.succeeded(ctx.ip, login)
  return opened
}

/** Who sends this: by the cookie of `checkauth`, or by the login itself when 1C sends that instead. Throws as `logIn`. */
export async function identify(parts: Parts, ctx: Context): Promise<ExchangePrincipal> {
  const cookie = parseCookies(ctx.headers.cookie).get(exchangeCookie)
  const found = cookie === undefined ? null : await parts.exchangeLogins.find(cookie)
  if (found) return found
  if (ctx.headers.authorization === undefined) throw new AppError('unauthenticated', 'The exchange is not logged in. Start it anew.')
  const { login, password } = basicOf(ctx)
  await parts.rateLimits.login.attempt(ctx.ip, login)
  const principal = await parts.exchangeLogins.goOn(login, password)
  await parts.rateLimits.login.succeeded(ctx.ip, login)
  return principal
}

function basicOf(ctx: Context): { login: string; password: string } {
  const encoded = /^Basic\s+([\w+/=-]+)$/i.exec(ctx.headers.authorization ?? '')?.[1]
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8')
  const cut = text.indexOf(':')
  const login = text.slice(0, cut).trim()
  if (cut < 1 || login === '' || login.length > 150 || text.length > 1200 || text.includes('\0'))
    throw new AppError('unauthenticated', 'The login is missing: 1C sends it as Basic authentication, and a web server in between must let it pass.')
  return { login, password: text.slice(cut + 1) }
}
