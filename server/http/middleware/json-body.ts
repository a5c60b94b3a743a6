import { bodyParser } from '@koa/bodyparser'
import type { Handler } from '../context.ts'

/** Reads a JSON body of up to 100 kB into `ctx.request.body`. Other types are not read: a foreign form can't pose as JSON. */
export function jsonBody(): Handler {
  return bodyParser({ enableTypes: ['json'], jsonLimit: '100kb' })
}
