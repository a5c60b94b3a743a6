import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handled, Queue } from '../../server/jobs/queue.ts'
import { eventually } from '../support/eventually.ts'

export type QueueFactory = { name: string; create: (options: { concurrency: number }) => Promise<Queue> }

/** Notes what a handler is given, and lets a test say when and how it is done. */
class Handler {
  /** Ids in the order in which they came. */
  readonly taken: string[] = []
  readonly #open = new Map<string, PromiseWithResolvers<Handled>>()

  readonly handle = async (importId: string): Promise<Handled> => {
    if (this.#open.has(importId)) throw new Error(`${importId} is handled twice at the same time`)
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
export function describeQueue({ name, create }: QueueFactory): void {
  describe(`the queue ${name}`, () => {
    let queue: Queue
    let handler: Handler
    const begin = async (concurrency = 2) => {
      queue = await create({ concurrency })
      queue.start(handler.handle)
    }
    const add = async (importId: string, attempt = 0) => await queue.add([{ importId, attempt }])
    const toWorkOn = async (...ids: string[]) => await eventually(() => expect(handler.working).toEqual(ids))

    beforeEach(() => {
      handler = new Handler()
    })

    afterEach(async () => {
      const closed = queue.close()
      await handler.endAll()
      await closed
    })

    it('hands out ids in the order in which they came', async () => {
      await begin(1)
      for (const id of ['a', 'b', 'c']) await add(id)
      for (const id of ['a', 'b', 'c']) {
        await toWorkOn(id)
        handler.end(id)
      }
      await toWorkOn()
      expect(handler.taken).toEqual(['a', 'b', 'c'])
    })

    it('holds what came before the start', async () => {
      queue = await create({ concurrency: 1 })
      await add('early')
      queue.start(handler.handle)
      await toWorkOn('early')
    })

    it('lets so many work at a time and no more', async () => {
      await begin(2)
      for (const id of ['a', 'b', 'c']) await add(id)
      await toWorkOn('a', 'b')
      handler.end('a')
      await toWorkOn('b', 'c')
      expect(handler.taken).toEqual(['a', 'b', 'c'])
    })

    it('takes the same id twice for one entry while it waits', async () => {
      await begin(1)
      await add('first')
      await add('twice')
      await add('twice')
      handler.end('first')
      await toWorkOn('twice')
      handler.end('twice')
      await toWorkOn()
      expect(handler.taken).toEqual(['first', 'twice'])
    })

    it('hands out again what was added while it was worked on, and not before that has ended', async () => {
      await begin(2)
      await add('a')
      await toWorkOn('a')
      await add('a', 1)
      expect(handler.taken).toEqual(['a'])
      handler.end('a')
      await eventually(() => expect(handler.taken).toEqual(['a', 'a']))
    })

    it('keeps what was busy until it is woken, and lets others pass', async () => {
      await begin(1)
      await add('blocked')
      await add('other')
      handler.end('blocked', 'busy')
      await toWorkOn('other')
      handler.end('other')
      await toWorkOn()
      expect(handler.taken).toEqual(['blocked', 'other'])
      queue.wake()
      await toWorkOn('blocked')
    })

    it('does not miss a wake that comes while a handler is finding out that it is busy', async () => {
      await begin(1)
      await add('blocked')
      await toWorkOn('blocked')
      queue.wake()
      handler.end('blocked', 'busy')
      await eventually(() => expect(handler.taken).toEqual(['blocked', 'blocked']))
    })

    it('goes on after a handler that throws', async () => {
      await begin(1)
      await add('bad')
      await add('good')
      handler.end('bad', new Error('it went wrong'))
      await toWorkOn('good')
    })

    it('takes nothing new once it closes, and waits for what is worked on', async () => {
      await begin(1)
      await add('a')
      await add('b')
      let closed = false
      const closing = queue.close().then(() => {
        closed = true
      })
      await add('c')
      await toWorkOn('a')
      expect(closed).toBe(false)
      handler.end('a')
      await closing
      expect(handler.taken).toEqual(['a'])
    })
  })
}
