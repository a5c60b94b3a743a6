import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { paths } from '../../shared/protocol/paths.ts'
import type { ApiClient } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { Gates } from '../support/gate.ts'
import type { Script } from '../support/scripted/script.ts'
import { ServerProcess } from '../support/server-process.ts'
import { Watcher } from '../support/watcher.ts'
import type { Crowd } from './watch/crowd-thread.ts'

/** Sockets that come back at once; 2,000 by hand. */
const crowd = Number(process.env['FAULT_SOCKETS'] ?? 100)
const stored = 5_000
const megabyte = 1024 * 1024
/** What a connection costs that is there, in MB. */
const megabytesForSocket = 0.05
const scriptedMain = path.join(import.meta.dirname, 'watch', 'scripted-server.ts')

describe('one process that serves', () => {
  const gates = new Gates()
  let server: ServerProcess
  let api: ApiClient
  beforeAll(async () => {
    server = await ServerProcess.start({ LOG_LEVEL: 'warn' }, { main: scriptedMain })
    api = await server.admin()
  })
  afterAll(async () => {
    await server?.close()
    gates.remove()
  })

  it(`gives ${crowd} sockets that come back at once 5,000 events each, in order, within its memory, and answers others meanwhile`, async () => {
    const gate = gates.make()
    const { import: run, watch } = await api.startScript([{ lines: stored, length: 80 }, { until: gate.file }])
    await eventually(async () => expect((await api.import(run.id)).lastSeq).toBeGreaterThan(stored))
    const before = await server.rss()
    const thread = new Worker(new URL('./watch/crowd-thread.ts', import.meta.url), {
      workerData: { url: server.url, importId: run.id, token: watch.token, count: crowd, seq: stored } satisfies Crowd,
    })
    let faults: string[] | undefined
    thread.once('message', (found: string[]) => (faults = found))
    let [answered, longest] = [0, 0]
    for (; !faults; await delay(20)) {
      const began = performance.now()
      expect((await api.get(paths.import(run.id))).status).toBe(200)
      if (!faults) answered += 1
      longest = Math.max(longest, performance.now() - began)
    }
    const grown = ((await server.rss()) - before) / megabyte
    console.log(`${crowd} sockets: memory +${Math.round(grown)} MB; ${answered} requests of others meanwhile, the longest ${Math.round(longest)} ms`)
    expect(faults).toEqual([])
    expect(answered).toBeGreaterThan(0)
    expect(grown).toBeLessThan(256 + crowd * megabytesForSocket)
    gate.open()
    await api.ended(run.id)
  })

  it('lets 100 sockets that never read cost little, and others nothing', async () => {
    const portions = Array.from({ length: 20 }, () => gates.make())
    const script = portions.flatMap(({ file }): Script => [{ until: file }, { lines: 1000, length: 500 }])
    const { import: run, watch } = await api.startScript([{ log: 'begin' }, ...script])
    const watchers = Array.from({ length: 101 }, () => new Watcher(server.url, run.id, { token: watch.token }))
    const [other, ...deaf] = watchers as [Watcher, ...Watcher[]]
    for (const watcher of watchers) await watcher.until(({ events }) => events.some(({ message }) => message === 'begin'))
    const before = await server.rss()
    for (const { socket } of deaf) (socket.io.engine.transport as unknown as { ws: WebSocket }).ws.pause()
    // No more at once than a socket may have waiting: whoever reads is not behind because this process stood still for a moment.
    for (const [index, gate] of portions.entries()) {
      gate.open()
      await other.until(({ events }) => events.length > index * 1000 + 1000)
    }
    await other.untilEnd()
    const grown = ((await server.rss()) - before) / megabyte
    console.log(`100 sockets that never read: memory +${Math.round(grown)} MB`)
    expect(other.events.map(({ seq }) => seq)).toEqual(other.events.map((_event, index) => index + 1))
    expect(other.lags).toEqual([])
    expect(grown).toBeLessThan(100 + 256)
    for (const watcher of watchers) watcher.close()
  })
})
