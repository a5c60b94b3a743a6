import type { CommerceOptions } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext } from '../../../jobs/importer.ts'
import { counted } from '../model/problem.ts'
import type { Counts } from '../load/entity-counts.ts'
import { entities } from '../schema/tables.ts'
import type { Entity } from '../schema/tables.ts'
import type { Tally } from './tally.ts'

const names: Record<Exclude<Entity, 'sources'>, string> = {
  groups: 'Groups',
  properties: 'Properties',
  property_values: 'Values of properties',
  units: 'Units',
  products: 'Products',
  product_groups: 'Products in groups',
  product_taxes: 'Tax rates of products',
  images: 'Pictures',
  item_values: 'Property values of goods',
  characteristics: 'Characteristics',
  requisites: 'Requisites',
  offers: 'Offers',
  price_types: 'Price types',
  prices: 'Prices',
  warehouses: 'Warehouses',
  stocks: 'Stocks',
  customers: 'Customers',
  customer_addresses: 'Addresses of customers',
  customer_contacts: 'Contacts of customers',
  customer_accounts: 'Bank accounts of customers',
  customer_representatives: 'Representatives of customers',
  pending: 'Waiting for their offer',
}

/** A line for each entity that was spoken of, and one for all, which bears the figures for programs. */
export async function logCounts(context: JobContext, tally: Tally, options: CommerceOptions): Promise<void> {
  const spoken = tally.entities.toState().filter(([entity]) => entity !== 'sources')
  for (const entity of entities) {
    const counts = spoken.find(([name]) => name === entity)?.[1]
    if (counts && entity !== 'sources') await context.log('info', `${names[entity]}: ${countsText(counts)}.`, { stream: entity, data: counts })
  }
  if (tally.orphans > 0) await context.log('warning', `${counted(tally.orphans, 'offer is', 'offers are')} of no product that is known.`)
  if (tally.pending > 0) {
    const what = counted(tally.pending, 'record', 'records')
    await context.log('warning', `${what} with prices or stocks of offers that are not known: kept until the offers come.`)
  }
  const data = { types: options.types, source: options.source, entities: Object.fromEntries(spoken), rejected: Object.fromEntries(tally.rejected) }
  const all = sum(spoken.map(([, counts]) => counts))
  const failed = tally.failed === 0 ? '' : ` ${counted(tally.failed, 'record was', 'records were')} rejected.`
  await context.log(tally.failed === 0 ? 'info' : 'warning', `Done: ${countsText(all)}.${failed}`, { data })
}

function countsText({ created, changed, unchanged, deleted }: Counts): string {
  const parts = [
    [created, 'created'],
    [changed, 'changed'],
    [deleted, 'deleted'],
    [unchanged, 'unchanged'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString('en-US')} ${word}`)
  return said.length > 0 ? said.join(', ') : 'nothing to do'
}

function sum(list: Counts[]): Counts {
  const all = { created: 0, changed: 0, unchanged: 0, deleted: 0 }
  for (const counts of list) for (const key of Object.keys(all) as (keyof Counts)[]) all[key] += counts[key]
  return all
}
