import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tools } from '../../../scripts/testing/machine.ts'
import { startPostgres } from '../../../scripts/testing/services.ts'
import type { RestartableService } from '../../../scripts/testing/services.ts'
import { openDatabase } from '../../../server/database/database.ts'
import type { Database } from '../../../server/database/database.ts'
import { LeaseEntity } from '../../../server/database/entities.ts'
import { toAppError } from '../../../server/errors.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import { eventually } from '../../support/eventually.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const program = tools.postgres.find()
const unavailable = { code: 'unavailable', status: 503, retryable: true }

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (thrown: unknown) => toAppError(thrown),
  )
}

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(program === null)('a PostgreSQL app database', () => {
  let server: RestartableService
  beforeAll(async () => {
    server = await startPostgres(program!)
  })
  afterAll(async () => await server.stop())

  describe('by itself', () => {
    let database: Database
    beforeAll(async () => {
      // Who waits for a connection gives up after five seconds; those that hold one so long are not to lose it.
      database = await openDatabase({ type: 'postgresql', url: server.url, pool: 2, idleInTransactionMs: 600_000 })
    })
    afterAll(async () => await database.close())
    const ask = async () => await database.em().count(LeaseEntity, {})
    /** Holds a connection until `end` is called. */
    const hold = async (): Promise<{ end: () => void; done: Promise<void> }> => {
      const held = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const done = database.em().transactional(async (em) => {
        await em.count(LeaseEntity, {})
        begun.resolve()
        await held.promise
      })
      await begun.promise
      return { end: () => held.resolve(), done }
    }

    it('whose connections are all taken is unavailable, until one is free', async () => {
      const holders = [await hold(), await hold()]
      const table = database.em().getKysely<{ lease: { key: string } }>().selectFrom('lease').selectAll()
      const errors = await Promise.all([ask(), database.em().transactional(ask), table.execute()].map(errorOf))
      for (const error of errors) expect(error).toMatchObject(unavailable)
      for (const { end } of holders) end()
      for (const { done } of holders) await done
      expect(await ask()).toBe(0)
    })

    it('that stops is unavailable, also to what is under way, and works when it is back', async () => {
      const holder = await hold()
      const sleeping = errorOf(database.em().getConnection().execute('select pg_sleep(600)'))
      await server.halt()
      expect(await sleeping).toMatchObject(unavailable)
      holder.end()
      expect(await errorOf(holder.done)).toMatchObject(unavailable)
      expect(await errorOf(ask())).toMatchObject(unavailable)
      expect(await errorOf(database.ping())).toMatchObject(unavailable)
      await server.resume()
      // Both places in the pool are free again.
      const holders = [await hold(), await hold()]
      for (const { end } of holders) end()
      for (const { done } of holders) await done
    })

    it('lets others go on with a row whose holder stands still in the middle of a transaction', async () => {
      const still = await openDatabase({ type: 'postgresql', url: server.url, pool: 1, idleInTransactionMs: 200 })
      const held = Promise.withResolvers<void>()
      const locked = Promise.withResolvers<void>()
      await database.em().insert(LeaseEntity, { key: 'run', owner: 'still', expiresAt: 1 })
      // Its one connection may take its time until it has the row.
      await still.em().execute('set idle_in_transaction_session_timeout = 0')
      const holder = errorOf(
        still.em().transactional(async (em) => {
          await em.nativeUpdate(LeaseEntity, { key: 'run' }, { expiresAt: 2 })
          await em.execute('reset idle_in_transaction_session_timeout')
          locked.resolve()
          await held.promise
        }),
      )
      await locked.promise
      expect(await database.em().nativeUpdate(LeaseEntity, { key: 'run' }, { owner: 'other' })).toBe(1)
      held.resolve()
      expect(await holder).toMatchObject(unavailable)
      expect(await database.em().findOne(LeaseEntity, { key: 'run' })).toMatchObject({ owner: 'other', expiresAt: 1 })
      await database.em().nativeDelete(LeaseEntity, { key: 'run' })
      await still.close()
    })

    it('keeps its own errors for what is wrong with a statement', async () => {
      expect(await errorOf(database.em().getConnection().execute('select nothing from nowhere'))).toMatchObject({ code: 'internal' })
    })
  })

  describe('under a server', () => {
    let app: TestApp
    beforeAll(async () => {
      app = await startApp({ DATABASE_URL: server.url, DATABASE_POOL: '3' })
    })
    afterAll(async () => await app.close())
    const refused = { status: 503, body: { error: { code: 'unavailable' } } }

    it('that stops makes requests answer 503, and work again when it is back', async () => {
      const admin = await app.admin()
      await server.halt()
      for (const path of [paths.imports, paths.targets, paths.me]) expect(await admin.get(path)).toMatchObject(refused)
      expect(await admin.get('/healthz')).toMatchObject({ status: 200 })
      expect(await admin.get('/readyz')).toMatchObject({ status: 503, body: { parts: { database: 'down' } } })
      await server.resume()
      await eventually(async () => expect(await admin.get(paths.imports)).toMatchObject({ status: 200 }))
      await eventually(async () => expect(await admin.get('/readyz')).toMatchObject({ body: { parts: { database: 'up' } } }))
    })

    it('whose connections are all taken makes requests answer 503 in time, and work again when they are free', async () => {
      const admin = await app.admin()
      const other = new Client({ connectionString: server.url })
      await other.connect()
      await other.query('begin; lock table login_session in access exclusive mode')
      const answers = Array.from({ length: 8 }, async () => (await admin.get(paths.imports)).status)
      const first = await Promise.race(answers)
      expect(first).toBe(503)
      await other.query('commit')
      await other.end()
      expect(new Set(await Promise.all(answers))).toEqual(new Set([200, 503]))
      expect(await admin.get(paths.imports)).toMatchObject({ status: 200 })
    })
  })
})
