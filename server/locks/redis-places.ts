import { randomUUID } from 'node:crypto'
import type { RedisLink } from '../redis/redis.ts'
import { OwnPlaces } from './places.ts'
import type { Places } from './places.ts'

/** KEYS: the places, by when each ends. ARGV: a name for this one, how many there are, milliseconds. Redis' own clock. */
const take = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`

/** KEYS: the places. ARGV: milliseconds, then names. One that Redis had forgotten is taken again. */
const renew = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`

/** KEYS: when the last turn ends, in µs. ARGV: how long this one lasts, in µs. Answers the µs until it begins. */
const turn = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local begins = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.0f', begins + ARGV[1]), 'PX', math.ceil((begins + ARGV[1] - now) / 1000) + 1000)
return begins - now`

/** Places that all processes of one Redis share. */
export class RedisPlaces implements Places {
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #ttlMs: number
  readonly #own = new OwnPlaces()
  readonly #names = new Map<string, string[]>()
  readonly #timer: NodeJS.Timeout

  /** `prefix` begins the names of its keys. `ttlMs`: after so long, the places of a process that is gone are free. */
  constructor(link: RedisLink, prefix: string, ttlMs: number) {
    this.#link = link
    this.#prefix = prefix
    this.#ttlMs = ttlMs
    this.#timer = setInterval(() => void this.#renew(), ttlMs / 3)
    this.#timer.unref()
  }

  async take(key: string, most: number): Promise<boolean> {
    if (!(await this.#own.take(key, most))) return false
    const name = randomUUID()
    if ((await this.#ask(take, `place:${key}`, name, most, this.#ttlMs)) !== 0) {
      this.#names.set(key, [...(this.#names.get(key) ?? []), name])
      return true
    }
    await this.#own.give(key)
    return false
  }

  async give(key: string): Promise<void> {
    await this.#own.give(key)
    const [name, ...left] = this.#names.get(key) ?? []
    if (left.length > 0) this.#names.set(key, left)
    else this.#names.delete(key)
    // What can't be given back now ends by itself.
    if (name !== undefined) await this.#link.commands.zrem(`${this.#prefix}:place:${key}`, name).catch(() => undefined)
  }

  async turn(key: string, lastsMs: number): Promise<number> {
    const [own, shared] = await Promise.all([this.#own.turn(key, lastsMs), this.#ask(turn, `turn:${key}`, Math.ceil(lastsMs * 1000))])
    return Math.max(own, (shared ?? 0) / 1000)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
  }

  async #renew(): Promise<void> {
    for (const [key, names] of this.#names) await this.#ask(renew, `place:${key}`, this.#ttlMs, ...names)
  }

  /** Null while Redis is away: then what this process counts is all there is. */
  async #ask(script: string, key: string, ...values: (string | number)[]): Promise<number | null> {
    try {
      return Number(await this.#link.commands.eval(script, 1, `${this.#prefix}:${key}`, ...values))
    } catch {
      return null
    }
  }
}
