import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { chainEvents, chainStart } from '../../../server/realtime/event-chain.ts'
import type { StartAnswer } from '../../../shared/protocol/views.ts'
import { fixtureOf } from '../../support/fixture.ts'
import { Gates } from '../../support/gate.ts'
import type { Gate } from '../../support/gate.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { Watcher } from '../../support/watcher.ts'

const records = 20_000
const main = path.join(import.meta.dirname, 'held-server.ts')

/** The rows of the target, when the run was given the time to make its table. */
function rowsOf(server: ServerProcess): number | null {
  const database = new Sqlite(path.join(server.dataDir, 'targets', 'main.db'), { readonly: true })
  try {
    return database.prepare('SELECT count(*) FROM shop_item').pluck().get() as number
  } catch {
    return null
  } finally {
    database.close()
  }
}

describe.each([['all_or_nothing'], ['keep_going']] as const)('a server that ends in the middle of a restore (%s)', (mode) => {
  const gates = new Gates()
  let server: ServerProcess
  let gate: Gate
  afterEach(async () => await server.close())
  afterAll(() => gates.remove())

  /** Starts one that has loaded a part of its file, and waits for the gate in the middle of it. */
  const startRun = async (): Promise<{ run: StartAnswer; watcher: Watcher }> => {
    gate = gates.make()
    server = await ServerProcess.start({ SHUTDOWN_SECONDS: '600', HELD_UNTIL: gate.file }, { main })
    const api = await server.admin()
    const { body: run } = await api.start(fixtureOf(records), { name: 'items.json', options: { mode } })
    const watcher = new Watcher(server.url, run.import.id, { token: run.watch.token })
    // Asked for: who begins to watch later is told of no progress, since none follows.
    const loaded = async (): Promise<number> => {
      const { progress } = await api.import(run.import.id)
      return progress.step?.name === 'load' ? progress.done : 0
    }
    await expect.poll(loaded).toBeGreaterThan(0)
    await watcher.until(({ events }) => events.length > 0)
    return { run, watcher }
  }
  const expectWholeEnd = async ({ run, watcher }: { run: StartAnswer; watcher: Watcher }) => {
    const api = await server.admin()
    const view = await api.ended(run.import.id)
    expect(view).toMatchObject({
      status: 'succeeded',
      attempt: 2,
      ledger: { total: records, succeeded: records, failed: 0, skipped: 0, notReached: 0 },
    })
    expect(rowsOf(server)).toBe(records)
    const events = await api.events(run.import.id)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(chainEvents(chainStart, events)).toBe(view.logChecksum)
    watcher.reconnect()
    await watcher.untilEnd()
    expect(watcher.events).toEqual(events)
    watcher.close()
  }

  it('by kill -9: the run resumes by itself and ends right, the log has no hole', async () => {
    const started = await startRun()
    await server.kill('SIGKILL')
    if (mode === 'all_or_nothing') expect(rowsOf(server) ?? 0).toBe(0)
    gate.open()
    await server.begin()
    await expectWholeEnd(started)
    const resumed = started.watcher.events.find(({ status }) => status === 'resuming')
    expect(resumed).toMatchObject({ data: { reason: 'worker_lost' } })
  })

  it('by SIGTERM: it ends with 0, long before its deadline, and the run resumes', async () => {
    const started = await startRun()
    const exit = await server.kill('SIGTERM')
    expect(exit.code).toBe(0)
    gate.open()
    await server.begin()
    await expectWholeEnd(started)
    const resumed = started.watcher.events.find(({ status }) => status === 'resuming')
    expect(resumed).toMatchObject({ data: { reason: 'interrupted' } })
  })
})

describe('a file that is too large for the memory of a run', () => {
  let server: ServerProcess
  afterEach(async () => await server.close())

  it('fails its run; the server and the other runs go on', async () => {
    server = await ServerProcess.start({ JOB_MEMORY_MB: '40' })
    const api = await server.admin()
    const giant = `[{"model":"shop.item","pk":1,"fields":{"name":[${'"x",'.repeat(9_000_000)}"x"]}}]`
    const { body: greedy } = await api.start(giant, { name: 'giant.json' })
    const { body: modest } = await api.start(fixtureOf(500), { name: 'items.json', target: await api.addTarget('modest') })
    const failed = await api.ended(greedy.import.id)
    expect(failed.status).toBe('failed')
    expect(['out_of_memory', 'file_limit']).toContain(failed.error!.code)
    expect(await api.ended(modest.import.id)).toMatchObject({ status: 'succeeded' })
    expect((await api.get('/readyz')).status).toBe(200)
  })
})
