import { existsSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import { chainEvents, chainStart } from '../../../server/realtime/event-chain.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { eventually } from '../../support/eventually.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const toBeRunning = async (api: ApiClient, id: string) => await expect.poll(async () => (await api.import(id)).status).toBe('running')
/** The log has no hole, and its chain is the one that was noted. */
const expectWholeLog = async (api: ApiClient, view: ImportView) => {
  const events = await api.events(view.id)
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  expect(chainEvents(chainStart, events)).toBe(view.logChecksum)
}

describeOnAppDatabases('an attempt', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start({ JOB_MEMORY_MB: '48' })
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('that throws fails the run in words for people; the reason is in the server log', async () => {
    const { import: run } = await api.startScript([{ log: 'before' }, { throw: 'the flux capacitor at /secret/path broke' }])
    const view = await api.ended(run.id)
    expect(view).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'internal' } })
    expect(JSON.stringify(await api.events(run.id))).not.toContain('flux')
    expect(JSON.stringify(app.logLines().filter(({ importId }) => importId === run.id))).toContain('flux capacitor')
    expect((await api.events(run.id)).map(({ message }) => message)).toContain('before')
    await expectWholeLog(api, view)
  })

  it('whose thread dies is followed by another, and the watchers are told why', async () => {
    const gate = gates.make()
    gate.open()
    const { import: run } = await api.startScript([{ log: 'a line' }, { crash: true, while: gate.file, once: true }])
    const view = await api.ended(run.id)
    expect(view).toMatchObject({ status: 'succeeded', attempt: 2 })
    const resumed = (await api.events(run.id)).find(({ status }) => status === 'resuming')
    expect(resumed).toMatchObject({ level: 'warning', message: expect.stringMatching(/^Worker lost, resuming\./), data: { reason: 'worker_lost' } })
    await expectWholeLog(api, view)
  })

  it('that dies three times in a row is the last', async () => {
    const { import: run } = await api.startScript([{ log: 'poison' }, { crash: true }])
    const view = await api.ended(run.id)
    expect(view).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'poison' } })
    expect(view.error!.message).toMatch(/3 times/)
    await expectWholeLog(api, view)
  })

  it('that asks a person waits, and goes on or ends as the person says', async () => {
    const { import: run } = await api.startScript([{ hold: 'A full catalog would remove 7 of 20 products.' }, { log: 'after the question' }])
    await expect.poll(async () => (await api.import(run.id)).hold).toMatchObject({ reason: 'confirm', figures: { removed: 7, of: 20 } })
    expect((await api.import(run.id)).status).toBe('queued')
    const other = await api.startScript([{ hold: 'Another question.' }])
    await expect.poll(async () => (await api.import(other.import.id)).hold).toBeDefined()

    expect((await api.request('POST', paths.continue(run.id))).status).toBe(200)
    const view = await api.ended(run.id)
    expect(view).toMatchObject({ status: 'succeeded', attempt: 2 })
    expect(view.hold).toBeUndefined()
    expect((await api.events(run.id)).map(({ message }) => message)).toContain('after the question')
    await expectWholeLog(api, view)
    expect((await api.request('POST', paths.continue(run.id))).status).toBe(409)

    expect((await api.request('POST', paths.cancel(other.import.id))).status).toBe(200)
    expect(await api.ended(other.import.id)).toMatchObject({ status: 'cancelled', attempt: 1 })
  })

  it('that needs more memory than it may have fails alone', async () => {
    const gate = gates.make()
    const other = await api.startScript([{ log: 'unharmed' }, { until: gate.file }], { target: await api.addTarget('unharmed') })
    const { import: run } = await api.startScript([{ log: 'greedy' }, { fill: true }])
    const view = await api.ended(run.id)
    expect(view).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'out_of_memory' } })
    expect(view.error!.message).toContain('48 MB')
    expect((await api.get('/readyz')).status).toBe(200)
    gate.open()
    expect((await api.ended(other.import.id)).status).toBe('succeeded')
    await expectWholeLog(api, view)
  })

  it('reads no file that changed on the disk', async () => {
    const gate = gates.make()
    const blocker = await api.startScript([{ log: 'blocks' }, { until: gate.file }])
    await toBeRunning(api, blocker.import.id)
    const { import: run } = await api.startScript([{ log: 'tampered' }])
    const { writeFile, readdir, readFile } = await import('node:fs/promises')
    for (const name of await readdir(path.join(app.dataDir, 'uploads'))) {
      const file = path.join(app.dataDir, 'uploads', name)
      if ((await readFile(file, 'utf8')).includes('tampered')) await writeFile(file, JSON.stringify([{ log: 'Tampered' }]))
    }
    gate.open()
    await api.ended(blocker.import.id)
    expect(await api.ended(run.id)).toMatchObject({ status: 'failed', error: { code: 'file_damaged' } })
  })

  it('shows how far it is, and never goes back', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([
      { progress: 60, done: 6, total: 10 },
      { until: gate.file },
      { progress: 30, done: 3, total: 10 },
      { log: 'x' },
    ])
    await expect.poll(async () => (await api.import(run.id)).progress.percent).toBe(60)
    expect((await api.import(run.id)).progress).toMatchObject({ done: 6, total: 10, unit: 'records' })
    gate.open()
    const view = await api.ended(run.id)
    expect(view.progress).toMatchObject({ percent: 100, rate: null, etaMs: null })
    expect(view.ledger).toEqual({ total: 4, succeeded: 4, failed: 0, skipped: 0, notReached: 0 })
  })
})

describe('the queue of an application', () => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await startApp({ JOB_CONCURRENCY: '2' })
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('lets one run at a time work on a target, in the order of their starts', async () => {
    const names = ['a', 'b', 'c', 'd']
    const doors = names.map(() => gates.make())
    const runs: ImportView[] = []
    for (const [index, name] of names.entries()) runs.push((await api.startScript([{ log: name }, { until: doors[index]!.file }])).import)
    for (const [index, run] of runs.entries()) {
      await toBeRunning(api, run.id)
      for (const later of runs.slice(index + 1)) expect((await api.import(later.id)).status).toBe('queued')
      doors[index]!.open()
      expect((await api.ended(run.id)).status).toBe('succeeded')
    }
  })

  it('lets as many runs work as it is told', async () => {
    const gate = gates.make()
    const runs: ImportView[] = []
    for (const name of ['x', 'y', 'z']) {
      const target = await api.addTarget(name)
      runs.push((await api.startScript([{ log: name }, { until: gate.file }], { target })).import)
    }
    for (const run of runs.slice(0, 2)) await toBeRunning(api, run.id)
    expect((await api.import(runs[2]!.id)).status).toBe('queued')
    gate.open()
    for (const run of runs) expect((await api.ended(run.id)).status).toBe('succeeded')
  })

  it('is not held up by runs that wait for their target', async () => {
    const gate = gates.make()
    const blocking = [(await api.startScript([{ log: 'first' }, { until: gate.file }])).import]
    for (const name of ['second', 'third', 'fourth']) blocking.push((await api.startScript([{ log: name }])).import)
    const free = await api.startScript([{ log: 'free' }], { target: await api.addTarget('free') })
    expect((await api.ended(free.import.id)).status).toBe('succeeded')
    gate.open()
    for (const run of blocking) expect((await api.ended(run.id)).status).toBe('succeeded')
  })

  it('takes up a run that its worker lost without a word', async () => {
    const { import: run } = await api.startScript([{ log: 'lost' }])
    await api.ended(run.id)
    // As it is when the database was away at the moment in which the end of an attempt was to be stored.
    const database = new Sqlite(path.join(app.dataDir, 'intake.db'), { timeout: 0 })
    const lose = database.prepare(`UPDATE import_session SET status = 'running', ended_at = NULL WHERE id = ?`)
    // The application writes in this process too, and can't go on while somebody waits for it here.
    await eventually(() => lose.run(run.id))
    database.close()
    await expect.poll(async () => (await api.import(run.id)).attempt).toBe(2)
    expect((await api.ended(run.id)).status).toBe('succeeded')
  })
})

describeOnAppDatabases('a server that stops in the middle of a run', (start) => {
  const gates = new Gates()
  afterAll(() => gates.remove())

  it('lets the run resume when it is back, and nobody else needs to do anything', async () => {
    const gate = gates.make()
    let app = await start()
    try {
      let api = await app.admin()
      const { import: run } = await api.startScript([{ log: 'a line' }, { lines: 50 }, { until: gate.file }])
      const { import: waiting } = await api.startScript([{ log: 'waits for it' }])
      await toBeRunning(api, run.id)
      app = await app.restart()
      api = await app.admin()
      await toBeRunning(api, run.id)
      gate.open()
      const view = await api.ended(run.id)
      expect(view).toMatchObject({ status: 'succeeded', attempt: 2 })
      const resumed = (await api.events(run.id)).find(({ status }) => status === 'resuming')
      expect(resumed).toMatchObject({ data: { reason: 'interrupted' }, message: expect.stringContaining('goes on') })
      await expectWholeLog(api, view)
      expect((await api.ended(waiting.id)).status).toBe('succeeded')
    } finally {
      await app.close()
    }
  })

  it('does not wait for ever for a run that does not listen, nor for people who follow', async () => {
    const gate = gates.make()
    let app = await start({ SHUTDOWN_SECONDS: '6' })
    try {
      let api = await app.admin()
      const { import: run } = await api.startScript([{ log: 'deaf' }, { until: gate.file, deaf: true }])
      await toBeRunning(api, run.id)
      const following = api.get(`${paths.log(run.id)}?follow=1`).catch(() => null)
      app = await app.restart()
      await following
      api = await app.admin()
      gate.open()
      const view = await api.ended(run.id)
      expect(view).toMatchObject({ status: 'succeeded', attempt: 2 })
      await expectWholeLog(api, view)
    } finally {
      await app.close()
    }
  })

  it('takes nothing new while it stops', async () => {
    const gate = gates.make()
    const app = await start({ SHUTDOWN_SECONDS: '600' })
    const api = await app.admin()
    const { import: run } = await api.startScript([{ log: 'deaf' }, { until: gate.file, deaf: true }])
    await toBeRunning(api, run.id)
    const closed = app.close()
    await expect.poll(async () => (await api.get('/readyz')).status).toBe(503)
    const refused = await api.start('[]', { kind: 'table' })
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ error: { code: 'shutting_down' } })
    gate.open()
    await closed
    expect(existsSync(app.dataDir)).toBe(false)
  })
})
