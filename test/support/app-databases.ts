import { afterAll, beforeAll, describe } from 'vitest'
import { hasPostgres, startPostgres } from './postgres.ts'
import type { TestPostgres } from './postgres.ts'
import { freshPrefix, hasSharedRedis, useRedis } from './redis.ts'
import { startApp } from './start-app.ts'
import type { TestApp } from './start-app.ts'

/** Starts an application on a fresh database of the kind that the tests around it are about. */
export type StartApp = (env?: Record<string, string>) => Promise<TestApp>

/**
 * Runs the same tests with the app database in SQLite, in PostgreSQL, and with the distributed engine, in one process that serves and works: the same
 * promises hold on all.
 */
export function describeOnAppDatabases(name: string, body: (start: StartApp) => void): void {
  describe(`${name}, on SQLite`, () => {
    body(startApp)
  })
  // Where PostgreSQL is not installed these are named as skipped.
  describe.skipIf(!hasPostgres)(`${name}, on PostgreSQL`, () => {
    let server: TestPostgres | null = null
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(async () => await server?.stop())
    body(async (env = {}) => {
      if (!server) throw new Error('PostgreSQL is not installed')
      return await startApp({ DATABASE_URL: await server.createDatabase('app'), ...env })
    })
  })
  describe.skipIf(!hasPostgres || !hasSharedRedis)(`${name}, on PostgreSQL and Redis`, () => {
    let server: TestPostgres | null = null
    let redis: Awaited<ReturnType<typeof useRedis>> | null = null
    beforeAll(async () => {
      server = await startPostgres()
      redis = await useRedis()
    })
    afterAll(async () => {
      await server?.stop()
      await redis?.stop()
    })
    body(async (env = {}) => {
      if (!server || !redis) throw new Error('PostgreSQL or Redis is not installed')
      const shared = { REDIS_URL: redis.url, REDIS_PREFIX: freshPrefix(), SECRET_KEY: 'the same for every process' }
      return await startApp({ DATABASE_URL: await server.createDatabase('app'), ...shared, ...env })
    })
  })
}
