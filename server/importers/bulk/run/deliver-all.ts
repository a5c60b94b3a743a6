import { setTimeout as delay } from 'node:timers/promises'
import type { OpenDelivery } from '../../../jobs/delivery-book.ts'
import type { BulkRun } from './bulk-run.ts'
import { oneDelivery, removeCopy } from './one-delivery.ts'

/** Works on deliveries, so many at a time, until none is left that could be worked on. */
export async function deliverAll(run: BulkRun): Promise<void> {
  const { ports, context } = run
  const inHand = new Set<Promise<void>>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  const begin = (delivery: OpenDelivery) => {
    const task = work(delivery, run)
      .catch((thrown: unknown) => failed.reject(thrown))
      .finally(() => inHand.delete(task))
    inHand.add(task)
  }
  try {
    for (;;) {
      context.signal.throwIfAborted()
      const most = ports.mostAtOnce - inHand.size
      const { deliveries, moreInMs } = await ports.book.next(most)
      for (const delivery of deliveries) begin(delivery)
      if (inHand.size === 0 && moreInMs === null) return
      await Promise.race([failed.promise, somethingNew(inHand, moreInMs, context.signal)])
    }
  } finally {
    await Promise.all(inHand)
  }
}

/** Resolves when a delivery ends, or when the time has come for one that waits. */
async function somethingNew(inHand: Set<Promise<void>>, moreInMs: number | null, signal: AbortSignal): Promise<void> {
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const wait = moreInMs === null ? [] : [delay(moreInMs, undefined, { signal: either }).catch(() => undefined)]
  try {
    await Promise.race([...inHand, ...wait])
  } finally {
    enough.abort()
  }
}

async function work(delivery: OpenDelivery, run: BulkRun): Promise<void> {
  const lane = run.lanes.of(delivery.account)
  const after = await lane.use(async () => await oneDelivery(delivery, run, lane))
  if (after === 'on' || !lane.refusal) return
  const { book } = run.ports
  const { copies } = await book.stop(lane.id, lane.refusal)
  for (const key of copies) await removeCopy(run, { key })
  run.progress.recount(await book.counts())
}
