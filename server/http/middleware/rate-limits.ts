import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '../../errors.ts'
import type { Handler } from '../context.ts'
import { loginOf } from './access.ts'

type Counter = {
  consume(key: string): Promise<RateLimiterRes>
  reward(key: string): Promise<unknown>
  delete(key: string): Promise<unknown>
  get(key: string): Promise<RateLimiterRes | null>
}

/** Makes a counter that takes so many points in so many seconds for each key. The engine chooses where it counts. */
export type MakeCounter = (options: { keyPrefix: string; points: number; duration: number }) => Counter

/** Counts in this process. */
export const countInMemory: MakeCounter = (options) => new RateLimiterMemory(options)

/** Who may do a thing how often. */
export type RateLimits = {
  login: {
    /** Counts a try. Throws AppError `rate_limited` when there were too many. */
    attempt(address: string, login: string): Promise<void>
    /** Only what went wrong counts: an office behind one address, or a script that logs in for each call, guesses nothing. */
    succeeded(address: string, login: string): Promise<void>
  }
  /** Sockets that were refused, by address. Those that are let in don't count: a whole office comes back at once when a server restarts. */
  socket: {
    /** Throws AppError `rate_limited` when too many were refused. */
    check(address: string): Promise<void>
    refused(address: string): Promise<void>
  }
  /** Behind a login, and before the body is read. */
  start: Handler
  upload: Handler
  watchToken: Handler
}

const fiveMinutes = 300

/** The numbers of docs/security.md. */
export function createRateLimits(makeCounter: MakeCounter): RateLimits {
  const counter = (keyPrefix: string, points: number) => makeCounter({ keyPrefix, points, duration: fiveMinutes })
  // By address and by login: one address can't try many logins, many addresses can't try one.
  const byAddress = counter('login-address', 30)
  const byLogin = counter('login-name', 10)
  const refusedSockets = counter('socket-address', 3_000)
  return {
    login: {
      attempt: async (address, login) => await limit('attempts to log in', [byAddress.consume(address), byLogin.consume(login.toLowerCase())]),
      succeeded: async (address, login) => {
        await Promise.all([byAddress.reward(address), byLogin.delete(login.toLowerCase())])
      },
    },
    socket: {
      check: async (address) => {
        const count = await refusedSockets.get(address)
        if (count && count.remainingPoints <= 0) throw tooMany('refused connections', count)
      },
      refused: async (address) => void (await refusedSockets.consume(address).catch(() => undefined)),
    },
    start: limited('imports', counter('start-user', 1_000), counter('start-address', 3_000)),
    // As many as files of a start.
    upload: limited('uploads', counter('upload-user', 20_000), counter('upload-address', 60_000)),
    watchToken: limited('watch tokens', counter('watch-token-user', 1_000), counter('watch-token-address', 3_000)),
  }
}

function limited(what: string, byUser: Counter, byAddress: Counter): Handler {
  return async (ctx, next) => {
    await limit(what, [byUser.consume(loginOf(ctx).userId), byAddress.consume(ctx.ip)])
    await next()
  }
}

async function limit(what: string, attempts: Promise<RateLimiterRes>[]): Promise<void> {
  const counted = await Promise.allSettled(attempts)
  for (const count of counted) {
    if (count.status === 'fulfilled') continue
    if (!(count.reason instanceof RateLimiterRes)) throw count.reason
    throw tooMany(what, count.reason)
  }
}

function tooMany(what: string, { msBeforeNext }: RateLimiterRes): AppError {
  const retryAfterSeconds = Math.ceil(msBeforeNext / 1000)
  return new AppError('rate_limited', `Too many ${what}. Try again in ${retryAfterSeconds} seconds.`, { details: { retryAfterSeconds } })
}
