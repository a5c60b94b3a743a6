import { bodyParser } from '@koa/bodyparser'
import { AppError } from '../../errors.ts'
import type { Handler } from '../context.ts'

/**
 * Reads a JSON body of up to 100 kB into `ctx.request.body`. One of another type is refused: a foreign form can't pose as JSON, and nothing that somebody
 * asked for is passed over. Throws `bad_request` for what is no JSON; the error holds nothing of the body, which may hold a password.
 */
export function jsonBody(): Handler {
  const read = bodyParser({ enableTypes: ['json'], jsonLimit: '100kb', onError: refuse })
  return async (ctx, next) => {
    if (ctx.request.length !== 0 && ctx.request.is('json', '+json') === false)
      throw new AppError('bad_request', 'Send the body as JSON, with Content-Type: application/json.', { status: 415 })
    await read(ctx, next)
  }
}

/** What reads the body says by a status what is wrong with it. */
function refuse(error: Error & { status?: number }): never {
  if (error.status === 413) throw new AppError('upload_too_large', 'The body is larger than the 100 kB that this address takes.')
  if (error.status === 415) throw new AppError('bad_request', 'Send the body without Content-Encoding, or as gzip, deflate or br.', { status: 415 })
  throw new AppError('bad_request', 'The body can’t be read: it must be one JSON object.')
}
