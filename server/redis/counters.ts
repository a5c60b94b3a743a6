import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import type { RedisLink } from './redis.ts'

/**
 * Counters of rate limits that all processes share. While Redis is away each process counts for itself: nobody is locked out, and nobody may do without
 * limit. `prefix` begins the names of their keys.
 */
export function countInRedis(link: RedisLink, prefix: string) {
  return (options: { keyPrefix: string; points: number; duration: number }): RateLimiterRedis =>
    new RateLimiterRedis({
      ...options,
      keyPrefix: `${prefix}:${options.keyPrefix}`,
      storeClient: link.commands,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(options),
    })
}
