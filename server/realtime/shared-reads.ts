import { setImmediate as othersTurn } from 'node:timers/promises'
import type { EventPage, ImportView } from '../../shared/protocol/views.ts'

/** A page of a log, and its run as it stood after the page was read. */
export type ReplayPage = { page: EventPage; view: ImportView | null }

type Waiting = { importId: string; after: number; askers: PromiseWithResolvers<ReplayPage>[] }

/** More at a time would be no quicker, and would take the connections to the database from everybody else. */
const readsAtOnce = 4

/**
 * Reads pages for replay. When thousands of sockets come back at once, they ask for the same few pages: those that wait for the same one share one read, and
 * few reads are under way at a time, so that requests of others find their turn. They get it one after the other, with room for others in between: to make a
 * message of a page takes longer than to read it. A read is shared only by those who asked before it began: whoever joined a room and then asked misses
 * nothing that was stored in between.
 */
export class SharedReads {
  readonly #read: (importId: string, after: number) => Promise<ReplayPage>
  readonly #waiting = new Map<string, Waiting>()
  #running = 0

  constructor(read: (importId: string, after: number) => Promise<ReplayPage>) {
    this.#read = read
  }

  async after(importId: string, after: number): Promise<ReplayPage> {
    const key = `${importId} ${after}`
    const waiting = this.#waiting.get(key) ?? { importId, after, askers: [] }
    const asker = Promise.withResolvers<ReplayPage>()
    waiting.askers.push(asker)
    this.#waiting.set(key, waiting)
    this.#begin()
    return await asker.promise
  }

  #begin(): void {
    for (const [key, waiting] of this.#waiting) {
      if (this.#running >= readsAtOnce) return
      this.#waiting.delete(key)
      this.#running += 1
      void this.#run(waiting)
    }
  }

  async #run({ importId, after, askers }: Waiting): Promise<void> {
    const page = this.#read(importId, after)
    for (const asker of askers) {
      await page.then(asker.resolve, asker.reject)
      await othersTurn()
    }
    this.#running -= 1
    this.#begin()
  }
}
