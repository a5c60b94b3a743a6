import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginCookie } from '../../../shared/protocol/paths.ts'
import type { ServerToClient } from '../../../shared/protocol/events.ts'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { Gates } from '../../support/gate.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { askHistory, handshake, openSocket, watch, Watcher } from '../../support/watcher.ts'
import type { WatchSocket } from '../../support/watcher.ts'

const cookieOf = (api: ApiClient) => `${loginCookie}=${api.cookies.value(loginCookie)}`

describeOnAppDatabases('watching', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start({ JOB_CONCURRENCY: '4' })
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  const connect = async (right: { token?: string; cookie?: string }): Promise<WatchSocket> => {
    const socket = openSocket(app.url, right)
    expect(await handshake(socket)).toBeNull()
    return socket
  }

  it('gives what was missed in pages of a thousand, from wherever one was', async () => {
    const run = await api.startScript([{ lines: 2500 }])
    const view = await api.ended(run.import.id)
    const socket = await connect({ token: run.watch.token })
    const events: StoredEvent[] = []
    const sizes: number[] = []
    for (let more = true; more;) {
      const answer = await watch(socket, { importId: view.id, after: events.at(-1)?.seq ?? 0 })
      if (!answer.ok) throw new Error(answer.error.code)
      expect(answer.lastSeq).toBe(view.lastSeq)
      expect(answer.import).toEqual(view)
      events.push(...answer.events)
      sizes.push(answer.events.length)
      more = answer.more
    }
    expect(sizes).toEqual([1000, 1000, view.lastSeq - 2000])
    expect(events).toEqual(await api.events(view.id))
    expect(await watch(socket, { importId: view.id, after: view.lastSeq })).toMatchObject({ ok: true, events: [], more: false })
    expect(await watch(socket, { importId: view.id, after: view.lastSeq + 1000 })).toMatchObject({ ok: true, events: [], more: false })
    socket.disconnect()
  })

  it('lets who reads on page by page do so as fast as it can, however long the log is', async () => {
    const run = await api.startScript([{ lines: 2400 }])
    const view = await api.ended(run.import.id)
    const socket = await connect({ token: run.watch.token })
    // More messages than anybody may send at once who does not read on.
    for (let time = 0; time < 100; time++) {
      let seen = 0
      for (let more = true; more;) {
        const answer = await watch(socket, { importId: view.id, after: seen })
        if (!answer.ok) throw new Error(answer.error.code)
        seen = answer.events.at(-1)?.seq ?? seen
        more = answer.more
      }
      expect(seen).toBe(view.lastSeq)
    }
    socket.disconnect()
  })

  it('joins what was missed and what is live, whenever one comes in', async () => {
    const run = await api.startScript([{ lines: 12_000, length: 60 }], { target: await api.addTarget('lively') })
    const early = new Watcher(app.url, run.import.id, { token: run.watch.token })
    const watchers = [early]
    for (const from of [1, 500, 2000, 5000, 9000]) {
      await early.until(({ events }) => events.length >= from)
      watchers.push(new Watcher(app.url, run.import.id, { token: run.watch.token }))
    }
    await Promise.all(watchers.map(async (watcher) => await watcher.untilEnd()))
    const stored = await api.events(run.import.id)
    for (const watcher of watchers) {
      expect(watcher.events).toEqual(stored)
      watcher.close()
    }
  })

  it('goes on by the last number after the connection was cut, again and again', async () => {
    const run = await api.startScript([{ lines: 10_000 }], { target: await api.addTarget('cut') })
    const watcher = new Watcher(app.url, run.import.id, { token: run.watch.token })
    for (let cut = 1; cut <= 8; cut++) {
      await watcher.until(({ events }) => events.length >= cut * 1000)
      watcher.reconnect()
    }
    await watcher.untilEnd()
    expect(watcher.events).toEqual(await api.events(run.import.id))
    watcher.close()
  })

  it('sends live events in order and without a hole to each socket', async () => {
    const gate = gates.make()
    const run = await api.startScript([{ until: gate.file }, { lines: 3000 }], { target: await api.addTarget('live') })
    const socket = await connect({ token: run.watch.token })
    const live: StoredEvent[] = []
    const ended = Promise.withResolvers<void>()
    // Nothing follows where the machine stood still for so long that all are told to catch up.
    let lagged = false
    socket.once('lag', () => {
      lagged = true
      ended.resolve()
    })
    // What is live may come before the answer.
    socket.on('event', ({ importId, events }) => {
      expect(importId).toBe(run.import.id)
      live.push(...events)
      if (live.at(-1)?.status === 'succeeded') ended.resolve()
    })
    const ack = await watch(socket, { importId: run.import.id })
    if (!ack.ok) throw new Error(ack.error.code)
    gate.open()
    await ended.promise
    const stored = await api.events(run.import.id)
    // What came live goes on at the latest where the page ended.
    const from = live[0]?.seq ?? 1
    expect(from).toBeLessThanOrEqual((ack.events.at(-1)?.seq ?? 0) + 1)
    expect(live).toEqual(stored.slice(from - 1, lagged ? from - 1 + live.length : undefined))
    socket.disconnect()
  })

  it('tells each change of the status, and progress at most ten times a second', async () => {
    const steps = Array.from({ length: 300 }, (_, index) => [{ progress: index / 3, done: index, total: 300 }, { lines: 20 }]).flat()
    const run = await api.startScript(steps, { target: await api.addTarget('quick') })
    const watcher = new Watcher(app.url, run.import.id, { token: run.watch.token })
    await watcher.untilEnd()
    await watcher.until(({ view }) => view?.status === 'succeeded')
    const view = await api.import(run.import.id)
    const seconds = (Date.parse(view.endedAt!) - Date.parse(view.startedAt!)) / 1000
    expect(watcher.progress.length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 2)
    const percents = watcher.progress.map(({ progress }) => progress.percent ?? 0)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(watcher.view).toEqual(view)
    watcher.close()
  })

  it('stops when one leaves the room', async () => {
    const gate = gates.make()
    const run = await api.startScript([{ log: 'first' }, { until: gate.file }, { log: 'second' }], { target: await api.addTarget('leaving') })
    const [stays, leaves] = [new Watcher(app.url, run.import.id, { token: run.watch.token }), await connect({ token: run.watch.token })]
    await watch(leaves, { importId: run.import.id })
    expect(await leaves.emitWithAck('unwatch', { importId: run.import.id })).toEqual({ ok: true })
    const heard: unknown[] = []
    leaves.onAny((...message: unknown[]) => heard.push(message))
    await stays.until(({ events }) => events.some(({ message }) => message === 'first'))
    gate.open()
    await stays.untilEnd()
    // Asked after the end: what was sent before it has come.
    expect(await watch(leaves, { importId: 'restore_1_x' })).toMatchObject({ ok: false })
    expect(heard).toEqual([])
    stays.close()
    leaves.disconnect()
  })

  it('of the history hears of every import session, but not of their logs', async () => {
    const socket = await connect({ cookie: cookieOf(api) })
    expect(await askHistory(socket)).toEqual({ ok: true })
    const heard: { event: string; id: string; status: string | undefined }[] = []
    socket.onAny((event: keyof ServerToClient, message: { importId?: string; import?: { id: string; status: string } }) => {
      heard.push({ event, id: message.import?.id ?? message.importId ?? '', status: message.import?.status })
    })
    const { import: run } = await api.startScript([{ progress: 10 }, { lines: 10 }], { target: await api.addTarget('heard') })
    const told = () => heard.filter(({ event, id }) => event === 'import' && id === run.id)
    // Runs of before may still be heard of.
    await expect.poll(() => told().at(-1)?.status).toBe('succeeded')
    expect(told().length).toBeGreaterThanOrEqual(2)
    expect(heard.filter(({ event }) => event === 'event')).toEqual([])
    socket.disconnect()
  })
})

describe('messages that are not as they should be', () => {
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await startApp()
    api = await app.admin()
  })
  afterAll(async () => await app.close())

  const connect = async (): Promise<WatchSocket> => {
    const socket = openSocket(app.url, { cookie: cookieOf(api) })
    expect(await handshake(socket)).toBeNull()
    return socket
  }
  const isAlive = async (socket: WatchSocket) =>
    expect(await watch(socket, { importId: 'restore_1_x' })).toMatchObject({ ok: false, error: { code: 'not_found' } })

  it.each([
    null,
    'text',
    17,
    [],
    {},
    { importId: 5 },
    { importId: '' },
    { importId: 'x'.repeat(101) },
    { importId: 'restore_1_x', after: -1 },
    { importId: 'restore_1_x', after: 1.5 },
    { importId: 'restore_1_x', after: '1' },
    { importId: 'restore_1_x', after: 2 ** 53 },
    { importId: { toString: 'x' } },
    { importId: 'a\u0000b' },
    JSON.parse('{"__proto__":{"importId":"restore_1_x"}}') as unknown,
  ])('are answered with invalid_input: %j', async (payload) => {
    const socket = await connect()
    const answer = await watch(socket, payload)
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_input', message: expect.any(String), requestId: expect.any(String) } })
    socket.disconnect()
  })

  it('are told what is wrong', async () => {
    const socket = await connect()
    const messageOf = async (payload: unknown) => ((await watch(socket, payload)) as { error: { message: string } }).error.message
    expect(await messageOf({ importId: 'restore_1_x', after: -1 })).toMatch(/^The message is not as docs\/protocol\.md has it\. after: Too small/)
    expect(await messageOf({ importId: 'a\u0000b' })).toMatch(/U\+0000/)
    socket.disconnect()
  })

  it('without a place for an answer, or of names that nobody knows, do nothing', async () => {
    const socket = await connect()
    const bare = socket as unknown as { emit(event: string, ...parts: unknown[]): void }
    for (const event of ['watch', 'unwatch', 'history', 'join', 'import', 'disconnecting'])
      bare.emit(event === 'disconnecting' ? 'leave' : event, { importId: 'x' })
    bare.emit('watch', 'not a function', 'nor this')
    bare.emit('history')
    await isAlive(socket)
    socket.disconnect()
  })

  it('can not name a room', async () => {
    const socket = await connect()
    for (const importId of ['history', 'user:1', 'import:restore_1_x', '__proto__', 'constructor']) {
      expect(await watch(socket, { importId })).toMatchObject({ ok: false, error: { code: 'not_found' } })
    }
    socket.disconnect()
  })

  it('in a flood end the connection', async () => {
    const socket = await connect()
    const closed = Promise.withResolvers<string>()
    socket.on('disconnect', (reason) => closed.resolve(reason))
    let answers = 0
    for (let message = 0; message < 300; message++) {
      socket.emit('watch', { importId: 'restore_1_x' }, () => {
        answers += 1
      })
    }
    await closed.promise
    expect(answers).toBeLessThanOrEqual(200)
    const again = await connect()
    await isAlive(again)
    again.disconnect()
  })

  it('of more than 64 KiB end the connection', async () => {
    const socket = await connect()
    const closed = Promise.withResolvers<string>()
    socket.on('disconnect', (reason) => closed.resolve(reason))
    socket.emit('watch', { importId: 'x'.repeat(70_000) }, () => undefined)
    await closed.promise
    const again = await connect()
    await isAlive(again)
    again.disconnect()
  })
})
