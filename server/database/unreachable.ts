import type { Pool, PoolClient } from 'pg'
import { AppError } from '../errors.ts'

/** SQLSTATEs of a server that shuts down, crashed, is not up yet, or has no connection left; 08 is the class of broken connections. */
const serverGone = /^(57P0[123]|53300|08...)$/

/**
 * Makes a pool say `unavailable` when its server can't be reached, goes away, or gives no free connection in time. The error is the cause of the one that is
 * thrown, because the ORM makes a new error of what it gets and keeps its properties alone.
 */
export function tellUnreachable(pool: Pool): void {
  const connect = pool.connect.bind(pool)
  const telling = async (): Promise<PoolClient> => {
    try {
      return releasedOnce(await connect())
    } catch (cause) {
      throw unreachable(cause)
    }
  }
  // The pool itself calls it with a callback.
  pool.connect = ((callback?: Parameters<typeof connect>[0]) => (callback ? connect(callback) : telling())) as Pool['connect']
  pool.on('connect', tellLost)
}

/** A client that was lost has been given back already when its user does so. */
function releasedOnce(client: PoolClient): PoolClient {
  const release = client.release.bind(client)
  let released = false
  client.release = (error) => {
    if (released) return
    released = true
    release(error)
  }
  return client
}

function tellLost(client: PoolClient): void {
  let lost = false
  client.on('error', () => {
    lost = true
    // The query builder gives no connection back whose rollback failed: its place in the pool would be lost with it.
    client.release(true)
  })
  const query = client.query.bind(client) as (...parts: unknown[]) => unknown
  const telling = async (asked: Promise<unknown>): Promise<unknown> => {
    try {
      return await asked
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
      throw lost || serverGone.test(code) ? unreachable(thrown) : thrown
    }
  }
  client.query = ((...parts: unknown[]) => {
    const asked = query(...parts)
    return asked instanceof Promise ? telling(asked) : asked
  }) as PoolClient['query']
}

function unreachable(cause: unknown): Error {
  const error = new AppError('unavailable', 'The app database can’t be reached, or has no free connection now. Try again in a moment.', { cause })
  return new Error(error.message, { cause: error })
}
