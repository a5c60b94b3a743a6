import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CompiledQuery, Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqliteDialect } from '../../../server/database/sqlite-dialect.ts'

describe('statements of an SQLite app database', () => {
  let folder: string
  let database: Kysely<unknown>

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-statements-'))
    database = new Kysely<unknown>({ dialect: sqliteDialect(path.join(folder, 'app.db'), () => undefined) })
    await run('create table run (id integer primary key, state text)')
  })
  afterEach(async () => {
    await database.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  const run = async (sql: string, ...values: unknown[]) => await database.executeQuery(CompiledQuery.raw(sql, values))

  it('are given their values anew at each call', async () => {
    for (const id of [1, 2, 3]) await run('insert into run (id, state) values (?, ?)', id, `state ${id}`)
    const states = []
    for (const id of [3, 1]) states.push((await run('select state from run where id = ?', id)).rows)
    expect(states).toEqual([[{ state: 'state 3' }], [{ state: 'state 1' }]])
  })

  it('see the columns of a table that was changed since', async () => {
    await run('insert into run (id, state) values (?, ?)', 1, 'queued')
    expect((await run('select * from run')).rows).toEqual([{ id: 1, state: 'queued' }])
    await run('alter table run add column attempt integer not null default 7')
    expect((await run('select * from run')).rows).toEqual([{ id: 1, state: 'queued', attempt: 7 }])
  })

  it('work again after one of them was refused', async () => {
    const insert = 'insert into run (id, state) values (?, ?)'
    await run(insert, 1, 'queued')
    await expect(run(insert, 1, 'queued')).rejects.toThrow('UNIQUE')
    expect((await run(insert, 2, 'queued')).numAffectedRows).toBe(1n)
  })

  it('may be more than are kept', async () => {
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 400; number++) expect((await run(`select ${number} as number`)).rows).toEqual([{ number }])
    }
  })
})
