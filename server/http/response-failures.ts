import type { Context } from 'koa'
import type { Logger } from '../logging/logger.ts'
import type { Handler } from './context.ts'

/** What a connection that its client closed makes of an answer. */
const left = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'])

/**
 * Logs answers that broke off. A client may leave when it likes, also at the very end, and that is no failure: what was being read for it was still whole
 * then. Where that ended too early, the answer failed, whatever it is called.
 */
export function responseFailures(log: Logger): { note: Handler; log(error: unknown, ctx: Pick<Context, 'body' | 'path' | 'res'>): void } {
  const gone = new WeakSet<Context['res']>()
  return {
    note: async (ctx, next) => {
      ctx.res.once('close', () => {
        if (isWhole(ctx.body)) gone.add(ctx.res)
      })
      await next()
    },
    log: (error, { body, path, res }) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (left.has(code) && isWhole(body)) gone.add(res)
      if (left.has(code) && gone.has(res)) log.debug({ path, code }, 'the client left before the end of its answer')
      else log.warn({ err: error, path }, 'response failed')
    },
  }
}

function isWhole(body: unknown): boolean {
  return !(typeof body === 'object' && body !== null && 'destroyed' in body && body.destroyed === true)
}
