import { toAppError } from '../../errors.ts'
import type { Logger } from '../../logging/logger.ts'
import { exchangePath } from '../../../shared/protocol/paths.ts'
import type { Context, Handler } from '../context.ts'
import { letRead } from '../middleware/let-read.ts'
import { answerMode } from './exchange-modes.ts'
import type { ModeParts } from './exchange-modes.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'

export type ExchangeParts = ModeParts & { log: Logger }

/**
 * `/exchange/1c`, as 1C speaks it (docs/exchange.md). Whatever happens, the answer is lines of plain text that begin with a word 1C knows, so this stands
 * before the exit for errors, and before the rule against foreign pages: a cookie of another path is no use to them, and 1C sends no Origin.
 */
export function exchangeEndpoint(parts: ExchangeParts): Handler {
  return async (ctx, next) => {
    if (ctx.path !== exchangePath && ctx.path !== `${exchangePath}/`) {
      await next()
      return
    }
    const { type, mode, filename } = asked(ctx)
    const answer = await answered(parts, ctx)
    // 1C reads the body and not the status.
    ctx.status = answer.status ?? 200
    ctx.set({ 'Cache-Control': 'no-store', ...answer.headers })
    ctx.type = answer.type ?? 'text/plain; charset=utf-8'
    if (!ctx.req.complete) letRead(ctx.req, ctx.res)
    ctx.body = answer.body
    const [word] = answer.body.split('\n', 1)
    parts.log.info({ requestId: ctx.state.requestId, type, mode, filename, word }, 'exchange')
  }
}

async function answered(parts: ExchangeParts, ctx: Context): Promise<Reply> {
  try {
    return await answerMode(parts, ctx, asked(ctx))
  } catch (thrown) {
    const error = toAppError(thrown)
    const about = { requestId: ctx.state.requestId, path: ctx.path, code: error.code }
    if (error.code === 'internal') parts.log.error({ ...about, err: error.cause ?? error }, 'exchange failed')
    else parts.log.warn({ ...about, ip: ctx.ip, reason: error.message }, 'exchange refused')
    const failure = reply('failure', error.message, `request ${ctx.state.requestId}`)
    // Only who brought no login at all is asked for one.
    if (error.code !== 'unauthenticated') return failure
    return { ...failure, status: 401, headers: { 'WWW-Authenticate': 'Basic realm="1C exchange", charset="UTF-8"' } }
  }
}

function asked(ctx: Context): Record<'type' | 'mode' | 'filename' | 'version' | 'timestamp', string> {
  const said = (name: string) => {
    const value = ctx.query[name]
    return (Array.isArray(value) ? value[0] : value)?.slice(0, 2000) ?? ''
  }
  return {
    type: said('type').toLowerCase(),
    mode: said('mode').toLowerCase(),
    filename: said('filename'),
    version: said('version'),
    timestamp: said('timestamp'),
  }
}
