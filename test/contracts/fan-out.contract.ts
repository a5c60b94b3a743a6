import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { rooms } from '../../server/realtime/rooms.ts'
import type { SocketAdapter } from '../../server/realtime/socket-server.ts'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { eventually } from '../support/eventually.ts'
import { Watcher } from '../support/watcher.ts'
import { startNode, viewOf } from './fan-out-node.ts'
import type { FanOutNode, SharedTruth } from './fan-out-node.ts'

/** What carries messages between processes, for as many nodes as `nodes`. `lose` publishes while it is away, and resolves when it is back. */
export type FanOutSubject = {
  nodes: number
  adapter(): Promise<{ adapter: SocketAdapter | undefined; close(): Promise<void> }>
  lose(publish: () => void): Promise<void>
  close(): Promise<void>
}
/** `canLose`: there is something between the nodes that can be away. */
export type FanOutFactory = { name: string; canLose: boolean; create: () => Promise<FanOutSubject> }

/** What every kind of fan-out has to do. */
export function describeFanOut({ name, canLose, create }: FanOutFactory): void {
  describe(`fan-out ${name}`, () => {
    const truth: SharedTruth = { logs: new Map(), revoked: new Set(), looks: new Map() }
    const nodes: FanOutNode[] = []
    const closers: (() => Promise<void>)[] = []
    const watchers: Watcher[] = []
    let subject: FanOutSubject

    beforeAll(async () => {
      subject = await create()
      for (let count = 0; count < subject.nodes; count++) {
        const carrier = await subject.adapter()
        const node = await startNode(truth, carrier.adapter)
        nodes.push(node)
        closers.push(
          async () => await node.close(),
          async () => await carrier.close(),
        )
      }
    })
    afterEach(() => {
      for (const watcher of watchers.splice(0)) watcher.close()
    })
    afterAll(async () => {
      for (const close of closers) await close()
      await subject.close()
    })

    const store = (importId: string, messages: string[]): StoredEvent[] => {
      const log = truth.logs.get(importId) ?? []
      truth.logs.set(importId, log)
      const events = messages.map((message, index): StoredEvent => ({ seq: log.length + index + 1, at: '', type: 'log', level: 'info', message }))
      log.push(...events)
      return events
    }
    /** A watcher on each node, connected and in the room. */
    const watchAll = async (importId: string): Promise<Watcher[]> => {
      const opened = nodes.map(({ url }, index) => new Watcher(url, importId, { token: `${importId}/${index}` }))
      watchers.push(...opened)
      for (const watcher of opened) await watcher.until(({ views }) => views.length > 0)
      return opened
    }
    const messages = ({ events }: Watcher) => events.map(({ message }) => message)

    it('brings what one node publishes to the watchers of every node, in order and once', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      const expected = Array.from({ length: 300 }, (_, index) => `line ${index}`)
      for (let start = 0; start < expected.length; start += 10)
        nodes[0]!.publisher.events(importId, store(importId, expected.slice(start, start + 10)))
      for (const watcher of watching) {
        await watcher.until(({ events }) => events.length === expected.length)
        expect(messages(watcher)).toEqual(expected)
        // Who was told to catch up, because a message took longer than a second, gets some twice.
        if (watcher.lags.length === 0) expect(watcher.arrived).toHaveLength(expected.length)
      }
    })

    it('brings it to nobody else', async () => {
      const [mine, other] = [`restore_${randomUUID()}`, `restore_${randomUUID()}`]
      const watching = await watchAll(mine)
      nodes[0]!.publisher.events(other, store(other, ['not for you']))
      nodes[0]!.publisher.events(mine, store(mine, ['for you']))
      for (const watcher of watching) {
        await watcher.until(({ events }) => events.length > 0)
        expect(messages(watcher)).toEqual(['for you'])
      }
    })

    it('brings changes and progress, which nobody keeps', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      const { progress, ledger } = viewOf(importId)
      nodes.at(-1)!.publisher.importChanged({ ...viewOf(importId), title: 'changed' })
      for (const watcher of watching) await watcher.until(({ view }) => view?.title === 'changed')
      // A socket that is busy is spared: what counts is the newest.
      await eventually(() => {
        nodes.at(-1)!.publisher.progress({ importId, status: 'running', progress: { ...progress, done: 7 }, ledger })
        for (const watcher of watching) expect(watcher.progress.at(-1)?.progress.done).toBe(7)
      })
    })

    it('closes the sockets of a right that ended, on every node, and says why', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      for (const [index, watcher] of watching.entries()) {
        nodes[0]!.publisher.revoke(rooms.token(`${importId}/${index}`), 'revoked')
        await watcher.until(({ connected }) => !connected)
        expect(watcher.revoked).toEqual(['revoked'])
      }
    })

    it('tells a watcher that was not sent what is stored to catch up, also when nothing follows, and no other', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      nodes[0]!.publisher.events(importId, store(importId, ['sent']))
      for (const watcher of watching) await watcher.until(({ events }) => events.length === 1)
      // A message that took longer than a second is caught up with too.
      const before = watching.map(({ lags }) => lags.length)
      // What was stored at the first look must have been sent by the second.
      const enough = (truth.looks.get(importId) ?? 0) + nodes.length * 3
      await eventually(() => expect(truth.looks.get(importId)).toBeGreaterThanOrEqual(enough))
      expect(watching.map(({ lags }) => lags.length)).toEqual(before)
      store(importId, ['stored, and the message lost'])
      for (const [index, watcher] of watching.entries()) {
        await watcher.until(({ events }) => events.length === 2)
        expect(watcher.lags.slice(before[index])).toEqual([2])
      }
    })

    it('finds rights that ended without a word', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      truth.revoked.add(`${importId}/0`)
      for (const { gateway } of nodes) await gateway.revalidate()
      await watching[0]!.until(({ connected }) => !connected)
      expect(watching[0]!.revoked).toEqual(['revoked'])
      expect(watching.slice(1).every(({ connected }) => connected)).toBe(true)
    })

    if (!canLose) return
    it('loses nothing for watchers when what carries it is away', async () => {
      const importId = `restore_${randomUUID()}`
      const watching = await watchAll(importId)
      await subject.lose(() => nodes[0]!.publisher.events(importId, store(importId, ['said while it was away'])))
      nodes[0]!.publisher.events(importId, store(importId, ['said after it']))
      for (const watcher of watching) {
        await watcher.until(({ events }) => events.length === 2)
        expect(messages(watcher)).toEqual(['said while it was away', 'said after it'])
      }
    })
  })
}
