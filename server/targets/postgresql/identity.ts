import { randomInt } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { PostgresAddress } from '../target.ts'
import { sqlState } from './errors.ts'
import { Session } from './session.ts'

const identitySql = `SELECT concat_ws(' ', s.system_identifier, d.oid, current_schemas(false))
  FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()`

/**
 * What tells a database from others, under whatever host, user and settings it is reached: cluster, database, and the schemas that tables are looked for in.
 * Clusters that began as one, a copy of its files, have it in common. Null when this server does not say.
 */
export async function identityOf(address: PostgresAddress): Promise<string | null> {
  return await connected(address, async (session) => {
    try {
      return (await session.rows(identitySql))[0]?.[0] ?? null
    } catch (thrown) {
      if (thrown instanceof AppError && sqlState(thrown) !== null && session.alive) return null
      throw thrown
    }
  })
}

/** Whether both lead to one database: a lock that is taken in the one is met in the other. */
export async function lockIsShared(a: PostgresAddress, b: PostgresAddress): Promise<boolean> {
  const key = randomInt(2 ** 48 - 1)
  return await connected(a, async (first) => {
    await first.run('BEGIN')
    await first.rows('SELECT pg_advisory_xact_lock($1)', [key])
    return await connected(b, async (second) => (await second.rows('SELECT pg_try_advisory_xact_lock($1)::text', [key]))[0]?.[0] === 'false')
  })
}

async function connected<T>(address: PostgresAddress, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.connect(address)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}
