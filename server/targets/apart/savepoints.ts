import type { TargetTransaction } from '../target.ts'

class Undone extends Error {}

type Open = { end: PromiseWithResolvers<void>; done: Promise<void> }

/** The savepoints that are open in the thread, whose work is done by calls from outside. */
export class Savepoints {
  #open: Open[] = []

  /** Those of a transaction that has ended are nobody's. */
  forget(): void {
    this.#open = []
  }

  async open(transaction: TargetTransaction): Promise<void> {
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const done = transaction.savepoint(async () => {
      begun.resolve()
      await end.promise
    })
    await Promise.race([begun.promise, done])
    this.#open.push({ end, done })
  }

  async release(): Promise<void> {
    const open = this.#open.pop()
    open?.end.resolve()
    await open?.done
  }

  async undo(): Promise<void> {
    const open = this.#open.pop()
    open?.end.reject(new Undone())
    await open?.done.catch((thrown: unknown) => {
      if (!(thrown instanceof Undone)) throw thrown
    })
  }
}
