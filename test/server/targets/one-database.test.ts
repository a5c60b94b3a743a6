import { link, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireError } from '../../../shared/protocol/errors.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { TargetView } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { Gates } from '../../support/gate.ts'
import { hasPostgres, runSql, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

describe('one database under two names', () => {
  const gates = new Gates()
  let app: TestApp
  let admin: ApiClient
  beforeAll(async () => {
    app = await startApp({ TARGET_HOSTS: '127.0.0.1, ::1' })
    admin = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })
  const add = async (name: string, url: string) =>
    await admin.request<{ target: TargetView } & WireError>('POST', paths.targets, { json: { name, url } })
  const change = async (id: string, json: object) => await admin.request<WireError>('PATCH', paths.target(id), { json })
  const targetsFile = (name: string) => path.join(app.dataDir, 'targets', name)
  const refusedFor = (name: string, targetId: string) => ({
    status: 409,
    body: { error: { code: 'conflict', message: `“${name}” leads to the same database already. Use that one.`, details: { targetId } } },
  })
  /** Two runs of different content; the second must wait until the first has ended. */
  const expectTurns = async (first: string, second: string) => {
    const gate = gates.make()
    const { import: works } = await admin.startScript([{ log: `to ${first}` }, { until: gate.file }], { target: first })
    await eventually(async () => expect((await admin.import(works.id)).status).toBe('running'))
    const { import: waits } = await admin.startScript([{ log: `to ${second}` }], { target: second })
    // A run into another database starts and ends meanwhile: the one that waits had its chance.
    const elsewhere = await admin.startScript([{ log: `while ${first} works` }], { target: await admin.addTarget(`beside-${first}`) })
    await admin.ended(elsewhere.import.id)
    expect((await admin.import(waits.id)).status).toBe('queued')
    gate.open()
    expect(await admin.ended(works.id)).toMatchObject({ status: 'succeeded' })
    expect(await admin.ended(waits.id)).toMatchObject({ status: 'succeeded' })
  }

  it('is refused for an SQLite file, by another spelling, a symbolic and a hard link', async () => {
    const { id } = (await add('Books', 'sqlite:books.db')).body.target
    await symlink(targetsFile('books.db'), targetsFile('soft.db'))
    await link(targetsFile('books.db'), targetsFile('hard.db'))
    for (const url of [`sqlite:${targetsFile('books.db')}`, 'sqlite:soft.db', 'sqlite:hard.db', 'sqlite:books.db'])
      expect(await add('More books', url), url).toMatchObject(refusedFor('Books', id))
    expect(await add('Main', `sqlite:${targetsFile('main.db')}`)).toMatchObject(refusedFor('Main database', 'main'))
    const other = (await add('Other', 'sqlite:other.db')).body.target
    expect(await change(other.id, { url: 'sqlite:soft.db' })).toMatchObject(refusedFor('Books', id))
    expect((await change(id, { url: 'sqlite:hard.db' })).status).toBe(200)
    expect(await add('Books', 'sqlite:books.db')).toMatchObject({ status: 409, body: { error: { code: 'already_exists' } } })
  })

  it('is worked on by one run at a time when a link made it one later', async () => {
    const [one, two] = [await admin.addTarget('one'), await admin.addTarget('two')]
    await rm(targetsFile('two.db'))
    await symlink(targetsFile('one.db'), targetsFile('two.db'))
    await expectTurns(one, two)
    await expectTurns(two, one)
  })

  describe.skipIf(!hasPostgres)('in PostgreSQL', () => {
    let server: TestPostgres
    beforeAll(async () => {
      server = (await startPostgres())!
    })
    afterAll(async () => await server.stop())
    const changed = (url: string, what: Partial<Pick<URL, 'hostname' | 'username' | 'password' | 'search'>>) => Object.assign(new URL(url), what).href

    it('is refused, by another host, another user or other settings', async () => {
      const url = await server.createDatabase('target')
      const role = `intake_test_${Date.now()}`
      await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
      const { id } = (await add('Shop', url)).body.target
      const names = [
        changed(url, { hostname: 'localhost' }),
        changed(url, { username: role, password: 'p' }),
        changed(url, { search: '?application_name=x' }),
      ]
      try {
        for (const name of names) expect(await add('Shop again', name), name).toMatchObject(refusedFor('Shop', id))
        const { id: other } = (await add('Another shop', await server.createDatabase('target'))).body.target
        for (const name of names) expect(await change(other, { url: name }), name).toMatchObject(refusedFor('Shop', id))
        for (const name of names) expect((await change(id, { url: name })).status, name).toBe(200)
      } finally {
        await runSql(url, `DROP ROLE ${role}`)
      }
    })

    it('is none when its tables lie in other schemas', async () => {
      const url = await server.createDatabase('target')
      await runSql(url, 'CREATE SCHEMA a; CREATE SCHEMA b')
      expect((await add('Schema a', changed(url, { search: '?options=-c%20search_path%3Da' }))).status).toBe(201)
      expect((await add('Schema b', changed(url, { search: '?options=-c%20search_path%3Db' }))).status).toBe(201)
    })

    it('is worked on by one run at a time, and refused, when both were saved before that was looked at', async () => {
      const url = await server.createDatabase('target')
      const { id: one } = (await add('Old', url)).body.target
      const { id: two } = (await add('Old too', await server.createDatabase('target'))).body.target
      const rows = new Database(path.join(app.dataDir, 'intake.db'))
      const asOld = () => {
        rows
          .prepare('UPDATE target SET url = (SELECT url FROM target WHERE id = ?), secret = (SELECT secret FROM target WHERE id = ?) WHERE id = ?')
          .run(one, one, two)
        rows.prepare('UPDATE target SET place = NULL WHERE id IN (?, ?)').run(one, two)
      }
      asOld()
      await expectTurns(one, two)
      asOld()
      await expectTurns(two, one)
      asOld()
      rows.close()
      expect(await add('New', changed(url, { hostname: 'localhost' }))).toMatchObject(refusedFor('Old', one))
      expect((await change(two, { url })).status).toBe(200)
    })
  })
})
