import { paths } from '../../shared/protocol/paths.ts'
import type { DeliveriesPage } from '../../shared/protocol/views.ts'
import type { Reading } from './imports.ts'
import { request } from './request.ts'

/** A page of the deliveries of a bulk upload, as many as the server gives at once. */
export async function getDeliveries(importId: string, query: { after?: string | undefined }, reading: Reading = {}): Promise<DeliveriesPage> {
  return await request<DeliveriesPage>(paths.deliveries(importId), { query, ...reading })
}
