import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../errors.ts'
import type { Handler } from '../context.ts'

/**
 * Whether a request comes from our own pages or from no page at all. Browsers say so themselves: by Sec-Fetch-Site, or else by Origin. A request with
 * neither comes from a program, which has no cookies of somebody else's to abuse.
 */
function fromOwnOrigin(headers: IncomingHttpHeaders, publicUrl: URL | undefined): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (headers.origin === undefined) return true
  return URL.canParse(headers.origin) && isOwnHost(new URL(headers.origin), headers.host, publicUrl)
}

/** For WebSockets both must hold: a browser that sends an Origin must send ours. */
export function socketOriginAllowed(headers: IncomingHttpHeaders, publicUrl: URL | undefined): boolean {
  const { origin } = headers
  if (origin !== undefined && !(URL.canParse(origin) && isOwnHost(new URL(origin), headers.host, publicUrl))) return false
  return fromOwnOrigin(headers, publicUrl)
}

function isOwnHost(origin: URL, host: string | undefined, publicUrl: URL | undefined): boolean {
  return origin.host !== '' && (origin.host === host || origin.host === publicUrl?.host)
}

/** Refuses state changes that another site's page asks for (multipart is a simple request: a foreign form can send it with our cookies). */
export function refuseCrossSite(publicUrl: URL | undefined): Handler {
  return async (ctx, next) => {
    const reads = ctx.method === 'GET' || ctx.method === 'HEAD' || ctx.method === 'OPTIONS'
    if (!reads && !fromOwnOrigin(ctx.headers, publicUrl)) throw new AppError('cross_site', 'This request comes from another site’s page.')
    await next()
  }
}
