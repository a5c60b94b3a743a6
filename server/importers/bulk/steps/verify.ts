import { AppError } from '../../../errors.ts'
import type { DeliveredDelivery } from '../../../jobs/delivery-book.ts'
import type { OpenLane } from '../run/account-lane.ts'
import type { BulkRun, Step } from '../run/bulk-run.ts'
import { orderOf } from './order.ts'

const words = {
  content: 'is what was sent, byte for byte',
  size: 'is as long as what was sent; more can’t be compared there',
  nothing: 'was taken; what arrived can’t be compared there',
}

/** Compares what lies there with what was sent. What is damaged is taken away again: it was ours, and it is in the place of a good one. */
export async function verify(row: DeliveredDelivery, { importId }: BulkRun, { destination }: OpenLane, signal: AbortSignal): Promise<Step> {
  const order = orderOf(importId, row)
  try {
    const { compared } = await destination.verify(order, signal)
    return { result: { to: 'verified', compared }, level: 'info', message: `${row.path} ${words[compared]}.` }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'destination_damaged') await destination.withdraw(order, signal)
    throw thrown
  }
}
