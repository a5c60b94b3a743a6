import { AppError } from '../errors.ts'
import type { Principal } from '../realtime/principal.ts'
import { loginCookie, watchCookie } from '../../shared/protocol/paths.ts'
import type { LoginSessions } from './login-sessions.ts'
import type { WatchTokens } from './watch-tokens.ts'

/** What a request or a handshake brought along. */
export type Credentials = { cookie: string | undefined; token: string | undefined }

/**
 * Who asks: the one function behind HTTP, Socket.IO and whatever else lets people in. A watch token that is named decides alone, so that a page that
 * watches by its token does not change rights when a cookie comes or goes. Else the login cookie, else the watch cookie.
 * Throws `unauthenticated`, always in the same words.
 */
export class Authenticator {
  readonly #logins: LoginSessions
  readonly #tokens: WatchTokens

  constructor(logins: LoginSessions, tokens: WatchTokens) {
    this.#logins = logins
    this.#tokens = tokens
  }

  /** `touch` says whether this counts as the user's activity: a click does, an open socket does not. */
  async authenticate(credentials: Credentials, touch: boolean): Promise<Principal> {
    const principal = await this.#find(credentials, touch)
    if (principal) return principal
    throw new AppError('unauthenticated', 'Log in, or bring a watch token that is still valid.')
  }

  async #find({ cookie, token }: Credentials, touch: boolean): Promise<Principal | null> {
    if (token !== undefined) return await this.#tokens.find(token)
    const cookies = parseCookies(cookie)
    const login = cookies.get(loginCookie)
    const found = login === undefined ? null : await this.#logins.find(login, touch)
    if (found) return found.principal
    const watch = cookies.get(watchCookie)
    return watch === undefined ? null : await this.#tokens.find(watch)
  }
}

/** The cookies of a `Cookie` header; the first of a name counts. */
export function parseCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of header?.split(';') ?? []) {
    const cut = pair.indexOf('=')
    if (cut < 0) continue
    const name = pair.slice(0, cut).trim()
    if (!cookies.has(name)) cookies.set(name, pair.slice(cut + 1).trim())
  }
  return cookies
}
