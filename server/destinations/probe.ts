import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { DeliveryOrder, Destination } from './destination.ts'

/** Delivers a small file, looks at it and removes it: what a delivery needs works. Throws what does not. */
export async function probeByWriting(destination: Destination, signal: AbortSignal, remove: (path: string) => Promise<void>): Promise<void> {
  const id = randomUUID()
  const bytes = Buffer.from(`A test of this account by Intake, which removes it again. ${id}\n`)
  const order: DeliveryOrder = {
    path: `intake-test-${id}.txt`,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    idempotencyKey: id,
  }
  try {
    await destination.deliver((start) => Readable.from([bytes.subarray(start)], { objectMode: false }), order, { signal, progress: () => undefined })
    await destination.verify(order, signal)
    await remove(order.path)
  } catch (thrown) {
    await destination.abandon(order)
    throw thrown
  }
}
