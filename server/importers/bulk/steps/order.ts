import type { DeliveryOrder } from '../../../destinations/destination.ts'
import type { CopiedDelivery, DeliveredDelivery } from '../../../jobs/delivery-book.ts'

/** What a destination is told: of the account's own copy alone. The key is the same in every attempt. */
export function orderOf(importId: string, { file, account, path, copy }: CopiedDelivery | DeliveredDelivery): DeliveryOrder {
  return { path, size: copy.size, sha256: copy.sha256, idempotencyKey: `${importId}/${file}/${account}` }
}
