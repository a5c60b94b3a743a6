import path from 'node:path'
import { send } from '@koa/send'
import type { Handler } from './context.ts'

/** Serves the built pages. An address without a file is one of the pages' own, unless it asks for something else than a page. */
export function staticPages(dir: string): Handler {
  return async (ctx, next) => {
    await next()
    if (ctx.status !== 404 || ctx.body !== undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return
    if (/^\/(api|socket\.io|exchange)(\/|$)/.test(ctx.path)) return
    const found = await sendFile(ctx, ctx.path === '/' ? '/index.html' : ctx.path, dir)
    if (!found && path.extname(ctx.path) === '' && ctx.accepts('html')) await sendFile(ctx, '/index.html', dir)
  }
}

async function sendFile(ctx: Parameters<Handler>[0], file: string, root: string): Promise<boolean> {
  // Built files bear a hash of their content in their name; the page itself must be asked for each time.
  const lasting = file.startsWith('/assets/')
  try {
    await send(ctx, file, { root, maxAge: lasting ? 31_536_000_000 : 0, immutable: lasting })
    return true
  } catch (error) {
    if ((error as { status?: number }).status === 404) return false
    throw error
  }
}
