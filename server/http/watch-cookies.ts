import { watchCookie } from '../../shared/protocol/paths.ts'
import type { Context } from './context.ts'

/** The watch cookie of one import session: a reload after the login has expired still shows that run, and nothing else. */
export type WatchCookies = { set(ctx: Context, importId: string, token: string): void }

export function createWatchCookies(options: { lifeMs: number; secure: boolean }): WatchCookies {
  return {
    set: (ctx, importId, token) => {
      const path = `/api/imports/${importId}`
      ctx.cookies.set(watchCookie, token, { httpOnly: true, sameSite: 'lax', secure: options.secure, path, maxAge: options.lifeMs, overwrite: false })
    },
  }
}
