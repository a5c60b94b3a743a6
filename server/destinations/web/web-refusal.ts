import type { AppError } from '../../errors.ts'
import { full, loginRefused, refused, tooLarge, unreachable } from '../failures.ts'
import { retryAfterMs } from './retry-after.ts'
import type { WebAnswer } from './web-link.ts'

/** What an answer that is no success means. */
export function webRefusal({ status, headers }: WebAnswer, host: string): AppError {
  if (status === 401 || status === 407) return loginRefused(`${host} refuses the login (${status}).`)
  if (status === 413) return tooLarge(`${host} takes no files of that size.`)
  if (status === 507) return full(`${host} is full.`)
  if (status >= 300 && status < 400) return refused(`${host} redirects to another address. Enter that one.`)
  const later = status === 408 || status === 423 || status === 425 || status === 429 || status >= 500
  if (later && status !== 501) return unreachable(`${host} failed or is busy (${status}).`, undefined, retryAfterMs(headers['retry-after']))
  return refused(`${host} refuses the file (${status}).`)
}
