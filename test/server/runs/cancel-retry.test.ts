import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { Watcher } from '../../support/watcher.ts'

type Refusal = { error: { code: string; details?: Record<string, unknown> } }

describeOnAppDatabases('cancelling', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  let targets = 0
  beforeAll(async () => {
    app = await start({ JOB_CONCURRENCY: '8' })
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  const target = async () => await api.addTarget(`cancel${++targets}`)
  const cancel = async (id: string) => await api.request<{ import: ImportView } & Refusal>('POST', paths.cancel(id))
  const statuses = async (id: string) => (await api.events(id)).flatMap(({ status }) => status ?? [])
  const running = async (id: string) => await expect.poll(async () => (await api.import(id)).status).toBe('running')

  it('asks a run that works to stop, and says by whom', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ log: 'working' }, { until: gate.file }, { log: 'never' }], { target: await target() })
    await running(run.id)
    expect((await cancel(run.id)).status).toBe(200)
    const ended = await api.ended(run.id)
    expect(ended).toMatchObject({ status: 'cancelled', error: { code: 'cancelled', message: 'Cancelled by Administrator.' } })
    expect(await statuses(run.id)).toEqual(['queued', 'running', 'cancelling', 'cancelled'])
    expect((await api.events(run.id)).map(({ message }) => message)).not.toContain('never')
  })

  it('takes a run that waits out of the queue at once', async () => {
    const gate = gates.make()
    const shared = await target()
    const first = await api.startScript([{ until: gate.file }], { target: shared })
    await running(first.import.id)
    const second = await api.startScript([{ log: 'second' }], { target: shared })
    expect((await cancel(second.import.id)).body.import).toMatchObject({ status: 'cancelled', attempt: 0 })
    gate.open()
    expect((await api.ended(first.import.id)).status).toBe('succeeded')
    expect(await statuses(second.import.id)).toEqual(['queued', 'cancelled'])
  })

  it('ends a run that does not listen, after a while', async () => {
    const gate = gates.make()
    const hasty = await start({ SHUTDOWN_SECONDS: '2' })
    try {
      const client = await hasty.admin()
      const { import: run } = await client.startScript([{ log: 'deaf' }, { until: gate.file, deaf: true }])
      await expect.poll(async () => (await client.import(run.id)).status).toBe('running')
      await client.request('POST', paths.cancel(run.id))
      expect(await client.ended(run.id)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled', message: 'Cancelled by Administrator.' } })
      const statuses = (await client.events(run.id)).flatMap(({ status }) => status ?? [])
      expect(statuses).toEqual(['queued', 'running', 'cancelling', 'cancelled'])
    } finally {
      await hasty.close()
    }
  })

  it('shows watchers that the run is being cancelled, also with its progress', async () => {
    const [gate, go] = [gates.make(), gates.make()]
    const started = await api.startScript([{ log: 'deaf' }, { until: go.file, deaf: true }, { progress: 50 }, { until: gate.file }], {
      target: await target(),
    })
    const watcher = new Watcher(app.url, started.import.id, { token: started.watch.token })
    await watcher.until(({ events }) => events.some(({ message }) => message === 'deaf'))
    await cancel(started.import.id)
    await watcher.until(({ views }) => views.some(({ status }) => status === 'cancelling'))
    go.open()
    await watcher.untilEnd()
    await watcher.until(({ view }) => view?.status === 'cancelled')
    const after = watcher.progress.filter(({ progress }) => progress.percent === 50)
    for (const { status } of after) expect(status).toBe('cancelling')
    watcher.close()
  })

  it('refuses what has ended, what is being cancelled already and what is not there', async () => {
    const { import: run } = await api.startScript([{ log: 'done' }], { target: await target() })
    await api.ended(run.id)
    const ended = await cancel(run.id)
    expect(ended.status).toBe(409)
    expect(ended.body.error).toMatchObject({ code: 'wrong_state', details: { status: 'succeeded' } })
    expect((await cancel('restore_1_x')).status).toBe(404)
    const gate = gates.make()
    const { import: deaf } = await api.startScript([{ log: 'deaf twice' }, { until: gate.file, deaf: true }], { target: await target() })
    await running(deaf.id)
    await cancel(deaf.id)
    expect((await cancel(deaf.id)).body.error).toMatchObject({ code: 'wrong_state', details: { status: 'cancelling' } })
    gate.open()
    await api.ended(deaf.id)
  })

  it('ends exactly once, also when it races with the end of the run', async () => {
    for (let round = 0; round < 10; round++) {
      const gate = gates.make()
      const { import: run } = await api.startScript([{ log: `race ${round}` }, { until: gate.file, deaf: true }], { target: await target() })
      await running(run.id)
      gate.open()
      const asked = await cancel(run.id)
      const ended = await api.ended(run.id)
      expect([200, 409]).toContain(asked.status)
      const final = (await statuses(run.id)).filter((status) => ['succeeded', 'cancelled', 'failed', 'partly_failed'].includes(status))
      expect(final).toEqual([ended.status])
    }
  })
})

describe('cancelling what waits to resume', () => {
  it('ends it, although no worker has it', async () => {
    const gates = new Gates()
    const [first, second] = [gates.make(), gates.make()]
    let app = await startApp({ JOB_CONCURRENCY: '2' })
    try {
      let api = await app.admin()
      const older = await api.startScript([{ log: 'older' }, { until: first.file }])
      const newer = await api.startScript([{ log: 'newer' }, { until: second.file }], { target: await api.addTarget('newer') })
      for (const { import: run } of [older, newer]) await expect.poll(async () => (await api.import(run.id)).status).toBe('running')
      app = await app.restart({ JOB_CONCURRENCY: '1' })
      api = await app.admin()
      await expect.poll(async () => (await api.import(older.import.id)).status).toBe('running')
      expect((await api.import(newer.import.id)).status).toBe('resuming')
      expect((await api.request('POST', paths.cancel(newer.import.id))).status).toBe(200)
      expect(await api.ended(newer.import.id)).toMatchObject({ status: 'cancelled', attempt: 1 })
      first.open()
      expect((await api.ended(older.import.id)).status).toBe('succeeded')
    } finally {
      await app.close()
      gates.remove()
    }
  })
})

describeOnAppDatabases('trying again', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })
  const retry = async (id: string, only?: string) =>
    await api.request<{ import: ImportView } & Refusal>('POST', paths.retry(id), only ? { json: { only } } : {})

  it('makes another attempt of the same import session, and its log goes on', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([{ log: 'once more' }, { crash: true, while: gate.file }, { end: 'failed' }])
    const failed = await api.ended(run.id)
    expect(failed).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'record_invalid' } })
    const before = await api.events(run.id)
    const { status, body } = await retry(run.id)
    expect(status).toBe(200)
    expect(body.import.error).toBeUndefined()
    const ended = await api.ended(run.id)
    expect(ended).toMatchObject({ status: 'failed', attempt: 2 })
    const events = await api.events(run.id)
    expect(events.slice(0, before.length)).toEqual(before)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.flatMap(({ status: now }) => now ?? [])).toEqual(['queued', 'running', 'failed', 'queued', 'running', 'failed'])
  })

  it('is for what did not go well', async () => {
    const { import: run } = await api.startScript([{ log: 'all well' }])
    await api.ended(run.id)
    const refused = await retry(run.id)
    expect(refused.status).toBe(409)
    expect(refused.body.error).toMatchObject({ code: 'wrong_state', details: { status: 'succeeded' } })
    expect((await retry('restore_1_x')).status).toBe(404)
  })

  it('of the rejected ones alone needs some', async () => {
    const { import: run } = await api.startScript([{ log: 'nothing rejected' }, { end: 'failed' }])
    await api.ended(run.id)
    expect((await retry(run.id, 'failed')).body.error.code).toBe('wrong_state')
    expect((await retry(run.id, 'some')).status).toBe(400)
  })

  it('needs the files, and says when they are gone', async () => {
    const { import: run } = await api.startScript([{ log: 'files are gone' }, { end: 'failed' }])
    await api.ended(run.id)
    await rm(path.join(app.dataDir, 'uploads'), { recursive: true })
    const refused = await retry(run.id)
    expect(refused.status).toBe(410)
    expect(refused.body.error.code).toBe('upload_gone')
    expect((await api.import(run.id)).status).toBe('failed')
    app = await app.restart()
    api = await app.admin()
  })

  it('is refused while the same runs already', async () => {
    const gate = gates.make()
    const script = [{ log: 'twice' }, { until: gate.file }, { end: 'failed' as const }]
    gate.open()
    const first = await api.startScript(script)
    await api.ended(first.import.id)
    gate.shut()
    const second = await api.startScript(script, { options: { again: true } })
    const refused = await retry(first.import.id)
    expect(refused.status).toBe(409)
    expect(refused.body.error.code).toBe('conflict')
    gate.open()
    await api.ended(second.import.id)
  })

  it('started by many clicks at once is one attempt', async () => {
    const gate = gates.make()
    gate.open()
    const { import: run } = await api.startScript([{ log: 'many clicks' }, { until: gate.file }, { end: 'failed' }])
    await api.ended(run.id)
    gate.shut()
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await retry(run.id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9)
    gate.open()
    expect((await api.ended(run.id)).attempt).toBe(2)
  })
})
