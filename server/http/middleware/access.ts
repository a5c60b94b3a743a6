import type { Authenticator } from '../../auth/authenticate.ts'
import { AppError } from '../../errors.ts'
import { maySee } from '../../realtime/principal.ts'
import type { Principal } from '../../realtime/principal.ts'
import { watchTokenHeader } from '../../../shared/protocol/paths.ts'
import type { Context, Handler } from '../context.ts'

export type LoginPrincipal = Extract<Principal, { type: 'login' }>

/** The three doors: a login, a superuser's login, or whoever may watch the import session in the address. */
export type Access = { login: Handler; superuser: Handler; watcher: Handler }

export function createAccess(authenticator: Authenticator): Access {
  const identify = async (ctx: Context): Promise<Principal> => {
    const token = ctx.get(watchTokenHeader) || undefined
    // A page that polls by itself does not keep a login alive; it says so with a header.
    const touch = ctx.get('X-Background') === ''
    const principal = await authenticator.authenticate({ cookie: ctx.headers.cookie, token }, touch)
    ctx.state.principal = principal
    return principal
  }
  return {
    login: async (ctx, next) => {
      requireLogin(await identify(ctx), ctx)
      await next()
    },
    superuser: async (ctx, next) => {
      if (requireLogin(await identify(ctx), ctx).role !== 'superuser') throw new AppError('forbidden', 'Only a superuser may do this.')
      await next()
    },
    watcher: async (ctx, next) => {
      const principal = await identify(ctx)
      // The same answer as for an id that does not exist: a token says nothing about other runs.
      if (!maySee(principal, String((ctx['params'] as Record<string, unknown>)['id'])))
        throw new AppError('not_found', 'There is no such import session.')
      await next()
    },
  }
}

function requireLogin(principal: Principal, ctx: Context): LoginPrincipal {
  if (principal.type === 'login') return principal
  // A page whose login has expired still sends its watch cookie: what it lacks is a login, and it can offer one.
  if (ctx.get(watchTokenHeader) === '') throw new AppError('unauthenticated', 'The login has expired. Log in again.')
  throw new AppError('forbidden', 'A watch token only reads its own import session. Log in for anything else.')
}

/** The login behind a request that passed `access.login` or `access.superuser`. */
export function loginOf(ctx: Context): LoginPrincipal {
  if (!ctx.state.principal) throw new AppError('unauthenticated', 'Log in first.')
  return requireLogin(ctx.state.principal, ctx)
}
