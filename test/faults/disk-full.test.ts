import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { paths } from '../../shared/protocol/paths.ts'
import type { ApiClient } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { fixtureOf } from '../support/fixture.ts'
import { Gates } from '../support/gate.ts'
import { ServerProcess } from '../support/server-process.ts'
import type { Program } from '../support/server-process.ts'
import { logFaults } from './log-faults.ts'
import { canMount, SmallDisk } from './small-disk.ts'

const scriptedMain = path.join(import.meta.dirname, 'watch', 'scripted-server.ts')

describe.skipIf(!canMount)('a disk that is full', () => {
  const gates = new Gates()
  let folder: string
  let disk: SmallDisk
  let server: ServerProcess
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'intake-full-'))
  })
  afterEach(async () => {
    await server?.kill('SIGKILL')
    disk?.unmount()
    rmSync(folder, { recursive: true, force: true })
  })
  afterAll(() => gates.remove())

  const begin = async (at: string, megabytes: number, program: Program = {}): Promise<ApiClient> => {
    disk = new SmallDisk(path.join(folder, at), megabytes)
    server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'data'), LOG_LEVEL: 'warn' }, program)
    return await server.admin()
  }
  const expectRight = async (api: ApiClient, importId: string) => {
    const view = await api.ended(importId)
    expect(view).toMatchObject({ status: 'succeeded' })
    expect(logFaults(await api.events(importId), view.lastSeq, view.logChecksum)).toEqual([])
  }

  it('for uploads: refuses them, starts nothing, and takes them again when there is room', async () => {
    const api = await begin('data/uploads', 4)
    const file = fixtureOf(60_000)
    disk.fill(512)
    const refused = await api.start(file, { name: 'items.json' })
    expect(refused.status).toBe(507)
    expect(refused.body).toMatchObject({ error: { code: 'storage_full' } })
    expect((await api.get<{ total: number }>('/api/imports')).body.total).toBe(0)
    disk.makeRoom()
    const { status, body } = await api.start(fixtureOf(500), { name: 'items.json' })
    expect(status).toBe(201)
    await expectRight(api, body.import.id)
  })

  it('for the app database and its logs: says so, ends nothing by itself, and goes on when there is room', async () => {
    const api = await begin('data', 24)
    const { body: first } = await api.start(fixtureOf(500), { name: 'before.json' })
    await expectRight(api, first.import.id)
    disk.fill(0)
    const full = { status: 507, body: { error: { code: 'storage_full' } } }
    expect(await api.start(fixtureOf(2000), { name: 'items.json' })).toMatchObject(full)
    expect(await api.request('POST', paths.targets, { json: { name: 'x', url: 'sqlite:x.db' } })).toMatchObject(full)
    expect((await api.import(first.import.id)).status).toBe('succeeded')
    expect((await api.get('/healthz')).status).toBe(200)
    disk.makeRoom()
    const { status, body } = await api.start(fixtureOf(2000), { name: 'items.json' })
    expect(status).toBe(201)
    await expectRight(api, body.import.id)
    await server.kill('SIGTERM')
    const database = new Sqlite(path.join(folder, 'data', 'intake.db'))
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    database.close()
  })

  it('for the log of a run that works: the run goes on when there is room', async () => {
    const api = await begin('data', 24, { main: scriptedMain })
    const [full, room] = [gates.make(), gates.make()]
    const { import: run } = await api.startScript([{ log: 'works' }, { until: full.file }, { lines: 20_000, length: 500 }, { until: room.file }])
    await eventually(async () => expect((await api.events(run.id)).length).toBeGreaterThan(2))
    disk.fill(1024)
    full.open()
    await eventually(() => expect(server.said).toContain('attempt given up'))
    expect((await api.get('/healthz')).status).toBe(200)
    // That it is to be tried again may find room, or not.
    expect(['running', 'resuming']).toContain((await api.import(run.id)).status)
    disk.makeRoom()
    room.open()
    await expectRight(api, run.id)
  })
})
