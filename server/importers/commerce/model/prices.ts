import type { XmlElement } from '../read/element.ts'
import { child, childrenOf, textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { ListChange } from './change.ts'
import { offerId } from './goods.ts'
import { RecordRefused } from './problem.ts'
import { statedDecimal } from './values.ts'

export function hasPrices({ element }: CommerceRecord): boolean {
  return child(element, 'Цены') !== undefined
}

/** The prices of an offer, and the price types that it states twice for the same quantity: the last one counts. */
export type OfferPrices = { list: ListChange; repeated: string[] }

/** Цены/Цена. A price type that is stated is stated with all its quantities; an empty block clears all prices. */
export function pricesOf({ element }: CommerceRecord): OfferPrices {
  const id = offerId(element)
  const prices = child(element, 'Цены')
  const items = new Map<string, ListChange['items'][number]>()
  const repeated: string[] = []
  for (const price of prices ? childrenOf(prices, 'Цена') : []) {
    const item = priceOf(price)
    const [type, minimum] = item.key
    // No minimum has a blank in it.
    const key = `${String(minimum)} ${String(type)}`
    if (items.has(key) && !repeated.includes(String(type))) repeated.push(String(type))
    items.set(key, item)
  }
  return { list: { entity: 'prices', owner: [id], mode: 'stated', items: [...items.values()] }, repeated }
}

function priceOf(price: XmlElement): ListChange['items'][number] {
  const type = textOf(price, 'ИдТипаЦены')
  if (type === null) throw new RecordRefused('record_invalid', 'A Цена has no ИдТипаЦены.')
  const amount = statedDecimal(price, 'ЦенаЗаЕдиницу') ?? null
  if (amount?.startsWith('-')) throw new RecordRefused('value_invalid', `The price of type ${type} is negative: ${amount}.`)
  const minimum = statedDecimal(price, 'МинКоличество') ?? '0'
  return { key: [type, minimum], values: [amount, textOf(price, 'Валюта'), textOf(price, 'Единица'), statedDecimal(price, 'Коэффициент') ?? null] }
}
