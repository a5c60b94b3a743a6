import type { RedisLink } from '../redis/redis.ts'
import { asking } from '../redis/redis.ts'
import type { Lease, Leases } from './leases.ts'

/** KEYS: the lease. ARGV: owner, milliseconds. Answers 1 when the owner has it now. */
const take = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

/** KEYS: the lease. ARGV: owner. */
const giveBack = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

/** Leases in Redis, which ends them by its own clock. Throw AppError `unavailable`, soon, when it is away. */
export class RedisLeases implements Leases {
  readonly #link: RedisLink
  readonly #prefix: string

  /** `prefix` begins the names of its keys, so that one Redis may serve several Intakes. */
  constructor(link: RedisLink, prefix: string) {
    this.#link = link
    this.#prefix = prefix
  }

  async acquire(key: string, owner: string, ttlMs: number): Promise<Lease | null> {
    const name = `${this.#prefix}:lease:${key}`
    const run = async (script: string, ...values: (string | number)[]) =>
      (await asking(async () => await this.#link.commands.eval(script, 1, name, ...values))) === 1
    const taken = async () => await run(take, owner, Math.ceil(ttlMs))
    if (!(await taken())) return null
    return { renew: taken, release: async () => void (await run(giveBack, owner)) }
  }
}
