import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handled, Queue } from '../../server/jobs/queue.ts'
import { eventually } from '../support/eventually.ts'

/** `hasty`: what is busy is tried again by itself, and a vanished worker is noticed, within a second or two. Else neither happens during a test. */
export type QueueOptions = { concurrency?: number; hasty?: boolean }

/** What holds the entries, empty at first. Each queue that is opened on it is one process, if the store can be shared. */
export type QueueStore = {
  open(options: QueueOptions): Promise<Queue>
  /** Cuts a process off from the store, as its death would. */
  cut(queue: Queue): Promise<void>
  close(): Promise<void>
}

export type QueueFactory = {
  name: string
  /** `shared`: several processes work over one store, which outlives them. */
  capabilities: { shared: boolean }
  create: () => Promise<QueueStore>
}

/** Notes what a handler is given, and lets a test say when and how it is done. */
class Handler {
  /** Ids in the order in which they came. */
  readonly taken: string[] = []
  /** Ids that were handled twice at the same time. */
  readonly overlaps: string[] = []
  readonly #open = new Map<string, PromiseWithResolvers<Handled>>()

  readonly handle = async (importId: string): Promise<Handled> => {
    if (this.#open.has(importId)) this.overlaps.push(importId)
    this.taken.push(importId)
    const work = Promise.withResolvers<Handled>()
    this.#open.set(importId, work)
    try {
      return await work.promise
    } finally {
      this.#open.delete(importId)
    }
  }

  get working(): string[] {
    return [...this.#open.keys()]
  }

  end(importId: string, how: Handled | Error = 'done'): void {
    const work = this.#open.get(importId)
    if (!work) throw new Error(`nobody works on ${importId}`)
    if (how instanceof Error) work.reject(how)
    else work.resolve(how)
  }

  async endAll(): Promise<void> {
    for (const id of this.working) this.end(id)
  }
}

/** What every queue has to do. */
export function describeQueue({ name, capabilities, create }: QueueFactory): void {
  describe(`the queue ${name}`, () => {
    let store: QueueStore
    let queue: Queue
    let handler: Handler
    let opened: { queue: Queue; handler: Handler }[]
    /** Opens a queue as another process would; the last one is `queue`. */
    const open = async (options: QueueOptions = {}) => {
      queue = await store.open(options)
      handler = new Handler()
      opened.push({ queue, handler })
      return { queue, handler }
    }
    const begin = async (options: QueueOptions = {}) => {
      const process = await open(options)
      process.queue.start(process.handler.handle)
      return process
    }
    const add = async (importId: string, attempt = 0) => await queue.add([{ importId, attempt }])
    const toWorkOn = async (...ids: string[]) => await eventually(() => expect(handler.working).toEqual(ids))
    const work = async (importId: string, how: Handled | Error = 'done') => {
      await toWorkOn(importId)
      handler.end(importId, how)
    }

    beforeEach(async () => {
      opened = []
      store = await create()
    })

    afterEach(async () => {
      const closed = Promise.all(opened.map(async (process) => await process.queue.close()))
      for (const process of opened) await process.handler.endAll()
      await closed
      await store.close()
      expect(opened.flatMap((process) => process.handler.overlaps)).toEqual([])
    })

    it('hands out ids in the order in which they came', async () => {
      await begin({ concurrency: 1 })
      await add('a')
      await queue.add(['b', 'c', 'd'].map((importId) => ({ importId, attempt: 0 })))
      await add('e')
      for (const id of ['a', 'b', 'c', 'd', 'e']) await work(id)
      expect(handler.taken).toEqual(['a', 'b', 'c', 'd', 'e'])
    })

    it('takes ids as they are made, and an empty list', async () => {
      await begin({ concurrency: 1 })
      await queue.add([])
      for (const id of ['-_Az09-_Az09-_Az09-_Az', '0123456789012345678901']) {
        await add(id, 12)
        await work(id)
      }
    })

    it('holds what came before the start', async () => {
      const process = await open({ concurrency: 1 })
      await add('early')
      process.queue.start(process.handler.handle)
      await toWorkOn('early')
    })

    it('lets so many work at a time and no more', async () => {
      await begin({ concurrency: 2 })
      for (const id of ['a', 'b', 'c']) await add(id)
      await toWorkOn('a', 'b')
      handler.end('a')
      await toWorkOn('b', 'c')
      expect(handler.taken).toEqual(['a', 'b', 'c'])
    })

    it('takes the same entry twice for one while it waits', async () => {
      await begin({ concurrency: 1 })
      await add('first')
      await toWorkOn('first')
      for (const id of ['twice', 'twice', 'last']) await add(id)
      for (const id of ['first', 'twice', 'last']) await work(id)
      expect(handler.taken).toEqual(['first', 'twice', 'last'])
    })

    it('hands out an entry again that is added after it was handled', async () => {
      await begin({ concurrency: 1 })
      await add('a')
      await work('a')
      await toWorkOn()
      await eventually(async () => {
        await add('a')
        expect(handler.taken).toEqual(['a', 'a'])
      })
    })

    it('hands out again what was added with a higher attempt while it was worked on, and not before that has ended', async () => {
      await begin({ concurrency: 2 })
      await add('a')
      await toWorkOn('a')
      await add('a', 1)
      await add('other')
      await toWorkOn('a', 'other')
      expect(handler.taken).toEqual(['a', 'other'])
      handler.end('a')
      await eventually(() => expect(handler.taken).toEqual(['a', 'other', 'a']))
    })

    it('keeps what was busy until it is woken, and lets others pass', async () => {
      await begin({ concurrency: 1 })
      await add('blocked')
      await add('other')
      await work('blocked', 'busy')
      await work('other')
      await toWorkOn()
      expect(handler.taken).toEqual(['blocked', 'other'])
      queue.wake()
      await toWorkOn('blocked')
    })

    it('does not miss a wake that comes while a handler is finding out that it is busy', async () => {
      await begin({ concurrency: 2 })
      await add('blocked')
      await toWorkOn('blocked')
      queue.wake()
      // The wake has long been heard when these two were handled.
      for (const id of ['other', 'another']) {
        await add(id)
        await toWorkOn('blocked', id)
        handler.end(id)
        await toWorkOn('blocked')
      }
      handler.end('blocked', 'busy')
      await eventually(() => expect(handler.taken).toEqual(['blocked', 'other', 'another', 'blocked']))
    })

    it('keeps what is not for this process, and hands it out again when it is woken', async () => {
      await begin({ concurrency: 1 })
      await add('newer')
      await work('newer', 'not_mine')
      await toWorkOn()
      queue.wake()
      await toWorkOn('newer')
    })

    it('bears any number of wakes', async () => {
      await begin({ concurrency: 1 })
      await add('blocked')
      await work('blocked', 'busy')
      await eventually(() => {
        for (let count = 0; count < 100; count += 1) queue.wake()
        expect(handler.working).toEqual(['blocked'])
      })
    })

    it('goes on after a handler that throws, and forgets its entry', async () => {
      await begin({ concurrency: 1 })
      await add('bad')
      await add('good')
      await work('bad', new Error('it went wrong'))
      await work('good')
      await toWorkOn()
      queue.wake()
      await add('last')
      await toWorkOn('last')
      expect(handler.taken).toEqual(['bad', 'good', 'last'])
    })

    it('takes nothing new once it closes, and waits for what is worked on', async () => {
      await begin({ concurrency: 1 })
      await add('a')
      await toWorkOn('a')
      await add('b')
      let closed = false
      const closing = queue.close().then(() => {
        closed = true
      })
      await add('c')
      expect(closed).toBe(false)
      handler.end('a')
      await closing
      expect(handler.taken).toEqual(['a'])
    })

    it('closes when nothing was ever started', async () => {
      await open()
      await add('a')
      await queue.close()
    })

    // What one process holds alone can't be asked of several.
    const describeProcesses = () =>
      describe('of several processes', () => {
        const handled = () => opened.flatMap((process) => process.handler.taken)

        it('hands each entry to one of them', async () => {
          const [one, two] = [await begin({ concurrency: 2 }), await begin({ concurrency: 2 })]
          const ids = Array.from({ length: 30 }, (_, index) => `id${index}`)
          await queue.add(ids.map((importId) => ({ importId, attempt: 0 })))
          // One that is connected later than the other finds some of them left.
          await eventually(() => expect([one, two].map((process) => process.handler.working.length)).toEqual([2, 2]))
          await eventually(async () => {
            for (const process of [one, two]) await process.handler.endAll()
            expect(handled()).toHaveLength(30)
          })
          expect(new Set(handled()).size).toBe(30)
          expect(one.handler.taken.length * two.handler.taken.length).toBeGreaterThan(0)
        })

        it('is one queue: the same entry added by each of them is one', async () => {
          const [one, two] = [await open(), await open()]
          for (const process of [one, two]) await process.queue.add([{ importId: 'a', attempt: 0 }])
          await begin({ concurrency: 1 })
          await work('a')
          await add('last')
          await work('last')
          expect(handler.taken).toEqual(['a', 'last'])
        })

        it('wakes what was busy in another one', async () => {
          const one = await begin({ concurrency: 1 })
          await add('blocked')
          await work('blocked', 'busy')
          await toWorkOn()
          const two = await open()
          await eventually(() => {
            two.queue.wake()
            expect(one.handler.working).toEqual(['blocked'])
          })
        })

        it('tries what was busy again, by itself', async () => {
          await begin({ concurrency: 1, hasty: true })
          await add('blocked')
          await work('blocked', 'busy')
          await eventually(() => expect(handler.taken).toEqual(['blocked', 'blocked']))
        })

        it('gives what one of them is too old for to another one', async () => {
          const old = await begin({ concurrency: 1, hasty: true })
          await add('newer')
          await work('newer', 'not_mine')
          const young = await begin({ concurrency: 1, hasty: true })
          await eventually(() => {
            if (old.handler.working.length > 0) old.handler.end('newer', 'not_mine')
            expect(young.handler.working).toEqual(['newer'])
          })
        })

        it('gives an entry of one that vanished to another one', async () => {
          const lost = await begin({ concurrency: 1, hasty: true })
          await add('a')
          await toWorkOn('a')
          await store.cut(lost.queue)
          await begin({ concurrency: 1, hasty: true })
          await toWorkOn('a')
        })

        it('keeps what waits when all of them end', async () => {
          await open()
          for (const id of ['a', 'b']) await add(id)
          await queue.close()
          await begin({ concurrency: 1 })
          for (const id of ['a', 'b']) await work(id)
        })

        it('hands out nothing that was on its way when one of them began to close', async () => {
          const late: string[] = []
          for (let turn = 0; turn < 30; turn += 1) {
            const one = await open({ concurrency: 1 })
            let closing = false
            await add(`id${turn}`)
            one.queue.start(async (importId) => {
              if (closing) late.push(importId)
              return 'done'
            })
            // Later from turn to turn, so that one of them falls between asking for an entry and getting it.
            const until = performance.now() + turn / 2
            while (performance.now() < until) await setImmediate()
            closing = true
            await one.queue.close()
          }
          expect(late).toEqual([])
        })

        it('leaves to others what comes while one of them closes', async () => {
          const one = await begin({ concurrency: 1 })
          await add('a')
          await toWorkOn('a')
          await add('b')
          const closing = one.queue.close()
          const two = await begin({ concurrency: 1 })
          await toWorkOn('b')
          one.handler.end('a')
          await closing
          expect(two.handler.taken).toEqual(['b'])
        })
      })

    if (capabilities.shared) describeProcesses()
  })
}
