import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireError } from '../../../shared/protocol/errors.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { RowsPage, TableView, TargetTest, TargetView } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import { hasPostgres, runSql, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

type Answered = { target: TargetView }

const failing = (status: number, code: string) => ({ status, body: { error: { code } } })

describe('target databases', () => {
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
  const add = async <T = Answered>(name: string, url: string) => await admin.request<T>('POST', paths.targets, { json: { name, url } })
  const change = async <T = Answered>(id: string, json: object) => await admin.request<T>('PATCH', paths.target(id), { json })
  const errorAt = async (url: string) => {
    const { body } = await admin.request<TargetTest>('POST', `${paths.targets}/test`, { json: { url } })
    return body.ok ? null : body.error
  }

  it('begin with the main one, which stays where it is', async () => {
    expect((await admin.get<{ items: TargetView[] }>(paths.targets)).body.items).toMatchObject([{ id: 'main', url: 'sqlite:main.db', builtIn: true }])
    expect(await change<WireError>('main', { url: 'sqlite:other.db' })).toMatchObject(failing(409, 'conflict'))
    expect(await admin.request('DELETE', paths.target('main'))).toMatchObject(failing(409, 'conflict'))
    expect((await change('main', { name: 'The shop' })).body.target).toMatchObject({ name: 'The shop', url: 'sqlite:main.db' })
  })

  it('have names of their own, and can be removed', async () => {
    const { status, body } = await add('Books', 'sqlite:books.db')
    expect({ status, target: body.target }).toMatchObject({ status: 201, target: { name: 'Books', dialect: 'sqlite', builtIn: false } })
    expect(await add<WireError>('Books', 'sqlite:more.db')).toMatchObject(failing(409, 'already_exists'))
    expect((await admin.request('DELETE', paths.target(body.target.id))).status).toBe(204)
    expect(await admin.get(paths.target(body.target.id))).toMatchObject(failing(404, 'not_found'))
  })

  it('neither go nor move while a run writes to them', async () => {
    const id = await admin.addTarget('busy')
    const gate = gates.make()
    const { import: run } = await admin.startScript([{ log: 'begun' }, { until: gate.file }], { target: id })
    expect(await admin.request('DELETE', paths.target(id))).toMatchObject(failing(409, 'in_use'))
    expect(await change<WireError>(id, { url: 'sqlite:elsewhere.db' })).toMatchObject(failing(409, 'in_use'))
    expect((await change(id, { name: 'Still busy', url: 'sqlite:busy.db' })).body.target).toMatchObject({ name: 'Still busy' })
    gate.open()
    await admin.ended(run.id)
    expect((await change(id, { url: 'sqlite:elsewhere.db' })).body.target).toMatchObject({ url: 'sqlite:elsewhere.db' })
  })

  it.each(['169.254.169.254', '[::ffff:169.254.169.254]', '[fe80::1]', '0.0.0.0', '10.1.2.3', 'localhost.localdomain.invalid'])(
    'are not on %s, which is not listed',
    async (host) => {
      expect((await errorAt(`postgresql://u:p@${host}:1/shop`))?.code).toBe(host.endsWith('invalid') ? 'target_unreachable' : 'target_refused')
    },
  )

  it('are on hosts that are listed, by address or by name', async () => {
    for (const host of ['127.0.0.1', 'localhost']) expect((await errorAt(`postgresql://u:p@${host}:1/shop`))?.code).toBe('target_unreachable')
  })

  describe.skipIf(!hasPostgres)('in PostgreSQL', () => {
    let server: TestPostgres
    beforeAll(async () => {
      server = (await startPostgres())!
    })
    afterAll(async () => await server.stop())

    it('keep a password for the server and user that it was given for, and never show it', async () => {
      const url = new URL(await server.createDatabase('target'))
      const { body } = await add('Kept', url.href)
      expect(body.target.url).not.toContain(url.password)
      const bare = new URL(body.target.url)
      const other = new URL(await server.createDatabase('target'))
      bare.pathname = other.pathname
      expect((await change(body.target.id, { url: bare.href })).body.target.url).toBe(bare.href)
      expect((await admin.request<TargetTest>('POST', paths.targetTest(body.target.id))).body).toMatchObject({ ok: true })
      const texts = [JSON.stringify(app.logLines()), (await readFile(path.join(app.dataDir, 'intake.db'))).toString('latin1')]
      expect(texts.join()).not.toContain(url.password)
    })

    it('whose password can’t be read any more fail their test for that reason', async () => {
      const first = await startApp({ SECRET_KEY: 'the first key of this server' })
      const json = { name: 'Sealed', url: await server.createDatabase('target') }
      const { id } = (await (await first.admin()).request<Answered>('POST', paths.targets, { json })).body.target
      const other = await first.restart({ SECRET_KEY: 'another key, of which the first is not known' })
      const again = await other.admin()
      const test = async () => await again.request<TargetTest>('POST', paths.targetTest(id), { json: {} })
      expect(await test()).toMatchObject({ status: 200, body: { ok: false, error: { code: 'target_refused' } } })
      expect((await again.request('POST', paths.targetTest('nothing'), { json: {} })).status).toBe(404)
      expect((await again.request('PATCH', paths.target(id), { json: { url: json.url } })).status).toBe(200)
      expect(await test()).toMatchObject({ status: 200, body: { ok: true } })
      await other.close()
    })

    it('get another password also while a run writes to them', async () => {
      const url = await server.createDatabase('target')
      const { id, url: bare } = (await add('Rotated', url)).body.target
      const gate = gates.make()
      const { import: run } = await admin.startScript([{ log: 'begun' }, { until: gate.file }], { target: id })
      expect(await change<WireError>(id, { url: await server.createDatabase('target') })).toMatchObject(failing(409, 'in_use'))
      expect((await change(id, { url })).body.target).toMatchObject({ url: bare })
      gate.open()
      await admin.ended(run.id)
    })

    it('show their tables and rows', async () => {
      const url = await server.createDatabase('target')
      await runSql(
        url,
        `CREATE TABLE "Ünïcode" (id int PRIMARY KEY, name text); INSERT INTO "Ünïcode" SELECT n, 'row ' || n FROM generate_series(1, 120) n`,
      )
      const { id } = (await add('Looked at', url)).body.target
      const { items } = (await admin.get<{ items: TableView[] }>(paths.tables(id))).body
      expect(items).toMatchObject([{ name: 'Ünïcode', rows: 120, columns: [{ name: 'id', primaryKey: true, nullable: false }, { name: 'name' }] }])
      const page = (await admin.get<RowsPage>(`${paths.rows(id, 'Ünïcode')}?page=3&limit=50`)).body
      expect(page).toMatchObject({ columns: ['id', 'name'], total: 120 })
      expect(page.rows).toHaveLength(20)
      for (const name of ['x', 'pg_class', 'Ünïcode"; DROP TABLE "Ünïcode'])
        expect(await admin.get(paths.rows(id, name))).toMatchObject(failing(404, 'not_found'))
    })

    it('are none that an Intake keeps its own things in', async () => {
      const url = await server.createDatabase('app')
      const other = await startApp({ DATABASE_URL: url })
      const refusal = { code: 'target_refused', message: expect.stringContaining('its own users') }
      expect(await errorAt(url)).toEqual(refusal)
      expect(await add<WireError>('Itself', url)).toMatchObject({ status: 422, body: { error: refusal } })
      await other.close()
    })
  })

  it('are none that this Intake keeps its own things in, where its folder is listed', async () => {
    const own = await startApp({})
    const listed = await own.restart({ SQLITE_DIRS: own.dataDir })
    const api = await listed.admin()
    const { body } = await api.request<WireError>('POST', paths.targets, { json: { name: 'Itself', url: `sqlite:${own.dataDir}/intake.db` } })
    expect(body.error.code).toBe('target_refused')
    await listed.close()
  })
})
