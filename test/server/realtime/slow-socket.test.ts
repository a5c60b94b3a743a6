import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { Watcher } from '../../support/watcher.ts'
import type { WatchSocket } from '../../support/watcher.ts'

/** The bare WebSocket below a socket. Paused, it reads nothing from the network: no ping either, and without one it is closed after 40 seconds. */
function webSocketOf(socket: WatchSocket): WebSocket {
  return (socket.io.engine.transport as unknown as { ws: WebSocket }).ws
}

describe('a socket that does not read', () => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await startApp()
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('is told to catch up, and does; the others lose nothing', async () => {
    const gate = gates.make()
    const run = await api.startScript([{ log: 'begin' }, { until: gate.file }, { lines: 3000, length: 10_000 }])
    const begun = (watcher: Watcher) => watcher.events.some(({ message }) => message === 'begin')
    const [slow, other] = [
      new Watcher(app.url, run.import.id, { token: run.watch.token }),
      new Watcher(app.url, run.import.id, { token: run.watch.token }),
    ]
    for (const watcher of [slow, other]) await watcher.until(begun)
    webSocketOf(slow.socket).pause()
    gate.open()
    await other.untilEnd()
    expect(slow.events.length).toBeLessThan(3000)
    webSocketOf(slow.socket).resume()
    await slow.untilEnd()
    const stored = await api.events(run.import.id)
    expect(slow.lags.length).toBeGreaterThan(0)
    expect(slow.events).toEqual(stored)
    expect(other.events).toEqual(stored)
    // Until it was told, nothing was left out: what came before the lag has no hole.
    expect(slow.lags[0]).toBeGreaterThan(0)
    expect(slow.arrived.slice(0, slow.lags[0]! - 1).every((seq, index, all) => index === 0 || seq <= all[index - 1]! + 1)).toBe(true)
    slow.close()
    other.close()
  })

  it('is told so after a few of the largest lines', async () => {
    const gate = gates.make()
    const run = await api.startScript([{ log: 'begin' }, { until: gate.file }, { lines: 700, length: 64 * 1024 }])
    const slow = new Watcher(app.url, run.import.id, { token: run.watch.token })
    await slow.until(({ events }) => events.some(({ message }) => message === 'begin'))
    webSocketOf(slow.socket).pause()
    gate.open()
    await api.ended(run.import.id)
    // What waited for it in the server, before it was told: a few megabytes of many.
    const told = new Promise<number>((resolve) => slow.socket.once('lag', ({ lastSeq }) => resolve(lastSeq)))
    webSocketOf(slow.socket).resume()
    expect(await told).toBeLessThan(500)
    await slow.untilEnd()
    expect(slow.events).toHaveLength((await api.import(run.import.id)).lastSeq)
    slow.close()
  })
})
