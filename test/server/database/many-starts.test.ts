import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import type { Database } from '../../../server/database/database.ts'
import { LeaseEntity } from '../../../server/database/entities.ts'
import { holdStartLock } from '../../../server/database/start-lock.ts'
import { hasPostgres, runSql, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(!hasPostgres)('processes that start at once on an empty PostgreSQL database', () => {
  let server: TestPostgres
  beforeAll(async () => {
    const started = await startPostgres()
    if (!started) throw new Error('PostgreSQL is not installed')
    server = started
  })
  afterAll(async () => await server.stop())

  it('all work, and one alone migrates it and makes what the first start makes', async () => {
    const url = await server.createDatabase('starts')
    let alone = 0
    let atOnce = 0
    let made = 0
    const first = async (database: Database): Promise<void> => {
      alone += 1
      atOnce = Math.max(atOnce, alone)
      if ((await database.em().count(LeaseEntity, {})) === 0) {
        await database.em().insert(LeaseEntity, { key: 'first', owner: 'me', expiresAt: 1 })
        made += 1
      }
      alone -= 1
    }
    const databases = await Promise.all(Array.from({ length: 8 }, async () => await openDatabase({ type: 'postgresql', url, pool: 2 }, first)))
    expect({ atOnce, made }).toEqual({ atOnce: 1, made: 1 })
    for (const database of databases) expect(await database.em().count(LeaseEntity, {})).toBe(1)
    const names = (await runSql(url, 'select name from mikro_orm_migrations')).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    await Promise.all(databases.map(async (database) => await database.close()))
    // Of this database: other tests lock others of the same server.
    const own = '(select oid from pg_database where datname = current_database())'
    const left = await runSql(url, `select count(*)::int as locks from pg_locks where locktype = 'advisory' and database = ${own}`)
    expect(left).toEqual([{ locks: 0 }])
  })

  it('do not wait for ever for one that hangs, and start when it is gone', async () => {
    const url = await server.createDatabase('hanging')
    const release = await holdStartLock(url)
    await expect(holdStartLock(url, 100)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('0.1 s') })
    const waiting = holdStartLock(url)
    await release()
    await (
      await waiting
    )()
  })

  it('change nothing of a database that can’t be brought up to date, and say why', async () => {
    const url = await server.createDatabase('strange')
    await runSql(url, 'create table lease (theirs int)')
    await expect(openDatabase({ type: 'postgresql', url })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/can’t be brought up to date \([^\n]*relation "lease" already exists[^\n]*\)/),
    })
    const tables = await runSql(url, `select tablename from pg_tables where schemaname = 'public' and tablename <> 'mikro_orm_migrations'`)
    expect(tables).toEqual([{ tablename: 'lease' }])
  })

  it('say how the database can’t be reached, without its password', async () => {
    const url = new URL(await server.createDatabase('secret'))
    url.password = 'hunter2'
    const wrongPassword = openDatabase({ type: 'postgresql', url: url.href })
    await expect(wrongPassword).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/password authentication.*DATABASE_URL/),
    })
    url.port = '9'
    const nowhere = openDatabase({ type: 'postgresql', url: url.href })
    await expect(nowhere).rejects.toMatchObject({ code: 'unavailable', message: expect.not.stringContaining('hunter2') })
  })
})
