import { AppError, toAppError, toWireError } from '../../errors.ts'
import type { Logger } from '../../logging/logger.ts'
import type { Handler } from '../context.ts'
import { letRead } from './let-read.ts'

/** The one exit for errors: every failure leaves as `{ error: { code, message, details?, requestId } }`. What was not foreseen is logged, not shown. */
export function errorExit(log: Logger): Handler {
  return async (ctx, next) => {
    try {
      await next()
    } catch (thrown) {
      const error = fromHttpLibrary(thrown) ?? toAppError(thrown)
      if (error.code === 'internal') log.error({ err: error.cause ?? error, requestId: ctx.state.requestId, path: ctx.path }, 'request failed')
      if (error.code === 'unavailable') log.warn({ err: error.cause ?? error, requestId: ctx.state.requestId, path: ctx.path }, error.message)
      if (error.status === 401 || error.status === 403)
        log.warn({ requestId: ctx.state.requestId, path: ctx.path, code: error.code, ip: ctx.ip }, 'refused')
      ctx.status = error.status
      const wait = error.details?.['retryAfterSeconds']
      if (typeof wait === 'number') ctx.set('Retry-After', String(wait))
      if (!ctx.req.complete) letRead(ctx.req, ctx.res)
      ctx.body = toWireError(error, ctx.state.requestId)
    }
  }
}

/** Koa, its body parser and its router throw errors with a status of their own. */
function fromHttpLibrary(thrown: unknown): AppError | null {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return null
  const { status, expose } = thrown as Error & { status?: unknown; expose?: unknown }
  if (typeof status !== 'number' || status < 400 || status >= 500 || expose !== true) return null
  if (status === 404) return new AppError('not_found', 'There is nothing here.')
  if (status === 413) return new AppError('upload_too_large', 'The request is larger than this address takes.')
  return new AppError('bad_request', 'The request can’t be read.', { cause: thrown })
}
