import { randomUUID } from 'node:crypto'
import type { Logger } from '../../logging/logger.ts'
import type { Handler } from '../context.ts'

/** Gives each request an id, keeps one that the client sent if it is sane, and writes one line when the answer has left. */
export function requestId(log: Logger): Handler {
  return async (ctx, next) => {
    const sent = ctx.get('X-Request-Id')
    ctx.state.requestId = /^[\w.:-]{8,100}$/.test(sent) ? sent : randomUUID()
    ctx.set('X-Request-Id', ctx.state.requestId)
    ctx.state.receivedAt = Date.now()
    const start = performance.now()
    try {
      await next()
    } finally {
      const ms = Math.round(performance.now() - start)
      const level = ctx.status >= 500 ? 'error' : ctx.path.startsWith('/api/') ? 'info' : 'debug'
      log[level]({ requestId: ctx.state.requestId, method: ctx.method, path: ctx.path, status: ctx.status, ms }, 'request')
    }
  }
}
