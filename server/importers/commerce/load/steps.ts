import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { Change, ListChange } from '../model/change.ts'
import { groupChange, priceTypeChange, propertyChange, propertyValueChange, unitChange, warehouseChange } from '../model/classifier.ts'
import { customerChange } from '../model/customers.ts'
import { describesOffer, offerChange, productChange } from '../model/goods.ts'
import { RecordRefused } from '../model/problem.ts'
import { hasPrices, pricesOf } from '../model/prices.ts'
import { hasStocks, stocksOf } from '../model/stocks.ts'
import type { CommerceRecord, RecordKind } from '../read/record.ts'

/** What a record says to a step. `ofOffer` is held back while the offer is not known. */
export type StepChange = Change & { ofOffer: ListChange | null; notes: string[] }

export const nothingSaid: StepChange = { rows: [], lists: [], ofOffer: null, notes: [] }

/** One of the chosen types: which records it takes, and what they say to it. Throws RecordRefused. */
type Step = { kinds: Partial<Record<RecordKind, (record: CommerceRecord) => Partial<StepChange>>>; ofOffers?: (record: CommerceRecord) => boolean }

const steps: Record<CommerceType, Step> = {
  catalog: {
    kinds: {
      group: groupChange,
      property: propertyChange,
      'property value': propertyValueChange,
      unit: unitChange,
      product: productChange,
      offer: offerChange,
    },
    ofOffers: describesOffer,
  },
  prices: {
    kinds: {
      'price type': priceTypeChange,
      offer: (record) => {
        const { list, repeated } = pricesOf(record)
        return { ofOffer: list, notes: repeated.map((type) => `price type ${type} is stated twice for the same quantity; the last one counts`) }
      },
    },
    ofOffers: hasPrices,
  },
  stocks: { kinds: { warehouse: warehouseChange, offer: (record) => ({ ofOffer: stocksOf(record) }) }, ofOffers: hasStocks },
  customers: { kinds: { customer: customerChange } },
}

const id = ['Ид', 'ИдХарактеристики']
const priceBlocks = new Set([...id, 'Цены'])
const stockBlocks = new Set([...id, 'Количество', 'Склад', 'Склады', 'Остатки'])

/** Whether a step looks into a child of a record. */
export function keeps(type: CommerceType, kind: RecordKind, child: string): boolean {
  if (!(kind in steps[type].kinds)) return false
  if (kind !== 'offer') return true
  if (type === 'prices') return priceBlocks.has(child)
  return type === 'stocks' ? stockBlocks.has(child) : id.includes(child) || (!priceBlocks.has(child) && !stockBlocks.has(child))
}

/** Whether a step has something to do with a record. */
export function takes(type: CommerceType, record: CommerceRecord): boolean {
  const { kinds, ofOffers } = steps[type]
  return record.kind in kinds && (record.kind !== 'offer' || ofOffers?.(record) === true)
}

/** What a record says to a step that takes it. Throws RecordRefused. */
export function changeOf(type: CommerceType, record: CommerceRecord): StepChange {
  if (record.tooLarge) throw new RecordRefused('file_limit', 'It has more elements or text than a record may have.')
  return { ...nothingSaid, ...steps[type].kinds[record.kind]?.(record) }
}
