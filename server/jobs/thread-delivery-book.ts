import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type {
  CopiedDelivery,
  DeliveryBook,
  DeliveryCounts,
  DeliveryPatch,
  DeliveryQuestion,
  NextDeliveries,
  OpenAccount,
  OpenDelivery,
} from './delivery-book.ts'

/** Patches in one transaction, at most. */
const mostAtOnce = 200
/**
 * Fewer are held back for others to come, so long at most. A transaction costs the server about a millisecond whatever is in it, and as much again for each
 * patch; a delivery waits for four.
 */
const enough = 8
const gatherMs = 5

type Waiting = { patch: DeliveryPatch; written: PromiseWithResolvers<OpenDelivery | null> }

/** The book on the thread's side: each call is a question through the port. Patches gather for a moment, and while others are stored, and are stored as one. */
export function threadDeliveryBook(ask: (question: DeliveryQuestion) => Promise<unknown>): DeliveryBook {
  const waiting: Waiting[] = []
  let writing = false

  const writeAll = async () => {
    writing = true
    while (waiting.length > 0) {
      // What other deliveries come to in the same turn goes with it.
      await setImmediate()
      if (waiting.length < enough) await delay(gatherMs)
      const some = waiting.splice(0, mostAtOnce)
      const rows = (await ask({ ask: 'write', patches: some.map(({ patch }) => patch) })) as (OpenDelivery | null)[]
      for (const [index, { written }] of some.entries()) written.resolve(rows[index] ?? null)
    }
    writing = false
  }

  return {
    counts: async () => (await ask({ ask: 'counts' })) as DeliveryCounts,
    next: async (most) => (await ask({ ask: 'next', most })) as NextDeliveries,
    write: async (patch) => {
      const written = Promise.withResolvers<OpenDelivery | null>()
      waiting.push({ patch, written })
      // It never rejects: what can't be stored ends the attempt, and this thread with it.
      if (!writing) void writeAll()
      return await written.promise
    },
    stop: async (account, error) => (await ask({ ask: 'stop', account, error })) as { stopped: number; copies: string[] },
    account: async (account) => (await ask({ ask: 'account', account })) as OpenAccount,
    begun: async () => (await ask({ ask: 'begun' })) as CopiedDelivery[],
    turn: async (account, lastsMs) => (await ask({ ask: 'turn', account, lastsMs })) as number,
  }
}
