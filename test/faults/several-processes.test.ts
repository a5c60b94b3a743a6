import path from 'node:path'
import { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toJob } from '../../server/jobs/bullmq-entry.ts'
import { paths } from '../../shared/protocol/paths.ts'
import type { StartAnswer, WatchGrant } from '../../shared/protocol/views.ts'
import { ApiClient } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { Gates } from '../support/gate.ts'
import { hasPostgres, runSql } from '../support/postgres.ts'
import { freshPrefix, hasRedis } from '../support/redis.ts'
import type { Script } from '../support/scripted/script.ts'
import { Watcher } from '../support/watcher.ts'
import { Cluster } from './cluster/cluster.ts'
import { openSurroundings } from './cluster/surroundings.ts'
import type { Surroundings } from './cluster/surroundings.ts'
import { logFaults } from './log-faults.ts'

const scriptedMain = path.join(import.meta.dirname, 'watch', 'scripted-server.ts')

describe.skipIf(!hasPostgres || !hasRedis)('two processes that serve and two that work', () => {
  const gates = new Gates()
  let surroundings: Surroundings
  let cluster: Cluster
  let one: ApiClient
  let other: ApiClient
  let count = 0
  const prefix = freshPrefix()
  beforeAll(async () => {
    surroundings = await openSurroundings()
    // Nobody is taken for lost, and a run so for the third time, because the machine stood still for a moment.
    const env = { REDIS_PREFIX: prefix, LEASE_SECONDS: '6' }
    cluster = await Cluster.open('distributed', surroundings, { main: scriptedMain, env })
    one = await cluster.admin('serve 1')
    other = await cluster.admin('serve 2')
  })
  afterEach(async () => {
    await cluster.heal()
    expect(cluster.faults.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await cluster?.close()
    await surroundings?.close()
    gates.remove()
  })

  const start = async (script: Script, api = one): Promise<StartAnswer> =>
    await api.startScript(script, { target: await api.addTarget(`target-${++count}`), options: { count } })
  const running = async (importId: string) => await eventually(async () => expect((await one.import(importId)).status).toBe('running'))
  const expectWhole = async (importId: string) => {
    const view = await other.import(importId)
    expect(logFaults(await other.events(importId), view.lastSeq, view.logChecksum)).toEqual([])
  }

  it('make one run of fifty starts of the same import', async () => {
    const gate = gates.make()
    const script = JSON.stringify([{ log: 'once' }, { until: gate.file }])
    const target = await one.addTarget('fifty')
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_none, n) => await (n % 2 ? one : other).start(script, { kind: 'table', name: 'script.json', target })),
    )
    expect(new Set(answers.map(({ body }) => body.import.id)).size).toBe(1)
    expect(Map.groupBy(answers, ({ body }) => body.outcome).get('started')).toHaveLength(1)
    expect(answers.filter(({ body }) => body.outcome === 'joined')).toHaveLength(49)
    gate.open()
    const view = await one.ended(answers[0]!.body.import.id)
    expect(view).toMatchObject({ status: 'succeeded', attempt: 1 })
    await expectWhole(view.id)
  })

  it('make one attempt of a run that the queue gives to all at once', async () => {
    for (const name of cluster.names('work')) cluster.stop(name)
    const { import: run } = await start([{ log: 'once' }])
    const jobs = new Queue('attempts', { connection: { url: surroundings.redis.url }, prefix: `${prefix}:queue` })
    const entries = Array.from({ length: 20 }, (_none, attempt) => toJob({ importId: run.id, attempt: attempt + 1 }))
    await jobs.addBulk(entries)
    await jobs.close()
    await cluster.heal()
    const view = await one.ended(run.id)
    expect(view).toMatchObject({ status: 'succeeded', attempt: 1 })
    await expectWhole(run.id)
  })

  it('start together, eight on an empty database, and one makes what the first start makes', async () => {
    const many = await Cluster.open('distributed', surroundings, { main: scriptedMain, serve: 4, work: 4 })
    try {
      const count = async (sql: string) => Number((await runSql(many.databaseUrl, sql))[0]!['count'])
      expect(await count('SELECT count(*) FROM app_user')).toBe(1)
      expect(await count('SELECT count(*) FROM target')).toBe(1)
      expect(await count('SELECT count(*) - count(DISTINCT name) AS count FROM mikro_orm_migrations')).toBe(0)
      const api = await many.admin('serve 4')
      const { import: run } = await api.startScript([{ log: 'works' }])
      expect(await api.ended(run.id)).toMatchObject({ status: 'succeeded' })
    } finally {
      await many.close()
    }
  })

  it('tell at each what is started and watched at the other', async () => {
    const gate = gates.make()
    const { import: run, watch } = await start([{ lines: 500 }, { until: gate.file }, { lines: 500 }])
    const watcher = new Watcher(cluster.url('serve 2'), run.id, { token: watch.token })
    await watcher.until(({ events }) => events.length >= 500)
    gate.open()
    await watcher.untilEnd()
    expect(watcher.events).toEqual(await one.events(run.id))
    watcher.close()
  })

  it('cancel a run that works in another process', async () => {
    const { import: run } = await start([{ log: 'works' }, { until: gates.make().file }])
    await running(run.id)
    expect((await other.request('POST', paths.cancel(run.id))).status).toBe(200)
    expect(await one.ended(run.id)).toMatchObject({ status: 'cancelled', error: { code: 'cancelled', message: 'Cancelled by Administrator.' } })
    await expectWhole(run.id)
  })

  it('end a run once when it is cancelled in the moment of its end', async () => {
    for (let round = 0; round < 10; round++) {
      const gate = gates.make()
      const { import: run } = await start([{ log: 'works' }, { until: gate.file }])
      await running(run.id)
      const cancelled = Promise.all([one, other].map(async (api) => await api.request('POST', paths.cancel(run.id))))
      gate.open()
      expect((await cancelled).filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
      expect(['succeeded', 'cancelled']).toContain((await one.ended(run.id)).status)
      await expectWhole(run.id)
    }
  })

  it('close the sockets of a revoked token, and of a disabled user, everywhere', async () => {
    const gate = gates.make()
    await one.request('POST', paths.users, { json: { login: 'guest', name: 'Guest', password: 'a long enough password', role: 'staff' } })
    const guest = await new ApiClient(cluster.url('serve 1')).login('guest', 'a long enough password')
    const { import: run, watch } = await start([{ log: 'works' }, { until: gate.file }])
    const { body } = await guest.request<WatchGrant>('POST', paths.watchTokens(run.id))
    const at = (name: string, token: string) => new Watcher(cluster.url(name), run.id, { token })
    const [mine, theirs] = [watch.token, body.token].map((token) => [at('serve 1', token), at('serve 2', token)])
    const all = [...mine!, ...theirs!]
    await Promise.all(all.map(async (watcher) => await watcher.until(({ events }) => events.length > 0)))
    const { body: users } = await one.get<{ items: { id: string; login: string }[] }>(paths.users)
    const guestId = users.items.find(({ login }) => login === 'guest')!.id
    expect((await other.request('PATCH', paths.user(guestId), { json: { disabled: true } })).status).toBe(200)
    await Promise.all(theirs!.map(async (watcher) => await watcher.until(({ connected }) => !connected)))
    expect(mine!.map(({ connected }) => connected)).toEqual([true, true])
    expect((await other.request('DELETE', paths.watchTokens(run.id))).status).toBe(204)
    await Promise.all(mine!.map(async (watcher) => await watcher.until(({ connected }) => !connected)))
    for (const { revoked } of all) expect(revoked).toHaveLength(1)
    for (const watcher of all) watcher.close()
    gate.open()
    await one.ended(run.id)
  })

  it('leave a run of a newer release to its workers', async () => {
    const workers = cluster.names('work')
    for (const name of workers) cluster.stop(name)
    const { import: run } = await start([{ log: 'newer' }])
    await runSql(cluster.databaseUrl, `UPDATE import_session SET version = 99 WHERE id = '${run.id}'`)
    await cluster.heal()
    await eventually(() => expect(workers.some((name) => cluster.server(name).said.includes('of a newer release'))).toBe(true))
    expect(await one.import(run.id)).toMatchObject({ status: 'queued', attempt: 0 })
    await runSql(cluster.databaseUrl, `UPDATE import_session SET version = 1 WHERE id = '${run.id}'`)
    expect(await one.ended(run.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  it('give up a run that kills its workers, and no other', async () => {
    cluster.supervised = true
    const gate = gates.make()
    const beside = await Promise.all([start([{ log: 'beside' }, { until: gate.file }]), start([{ log: 'beside, too' }, { until: gate.file }])])
    for (const { import: run } of beside) await running(run.id)
    const { import: poison } = await start([{ log: 'about to' }, { kill: true }])
    expect(await one.ended(poison.id)).toMatchObject({ status: 'failed', error: { code: 'poison' } })
    gate.open()
    for (const { import: run } of beside) expect((await one.ended(run.id)).status).toBe('succeeded')
    for (const { import: run } of [...beside, { import: poison }]) await expectWhole(run.id)
    await cluster.heal()
    cluster.supervised = false
  })

  it('take a start while Redis is away, and run it when Redis is back', async () => {
    await surroundings.redis.kill()
    const { import: run } = await start([{ log: 'without Redis' }])
    expect((await other.import(run.id)).status).toBe('queued')
    await surroundings.redis.restart()
    expect(await other.ended(run.id)).toMatchObject({ status: 'succeeded', attempt: 1 })
    await expectWhole(run.id)
  })
})
