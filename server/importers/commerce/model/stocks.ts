import type { XmlElement } from '../read/element.ts'
import { attribute, child, childrenOf, stated, textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { ListChange } from './change.ts'
import { offerId } from './goods.ts'
import { RecordRefused } from './problem.ts'
import { decimal } from './values.ts'

/** In place of a warehouse: the quantity in all of them together. */
const allWarehouses = ''

const blocks = new Set(['Количество', 'Склад', 'Склады', 'Остатки'])

export function hasStocks({ element }: CommerceRecord): boolean {
  return element.children.some(({ name }) => blocks.has(name))
}

/**
 * The stocks of an offer in the four shapes: Количество (all together), Склад with ИдСклада and КоличествоНаСкладе (2.07), the same on or in Склады
 * (packets of changes), Остатки/Остаток with Склад{Ид, Количество} or with Количество alone (3.x). What is not stated stays; an empty list of
 * warehouses clears them all. Quantities may be negative: 1C sells what it does not have.
 */
export function stocksOf({ element }: CommerceRecord): ListChange {
  const id = offerId(element)
  const items = new Map<string, ListChange['items'][number]>()
  const set = (warehouse: string, text: string | null): void => {
    items.set(warehouse, { key: [warehouse], values: [text === null ? null : decimal(text, 'The quantity')] })
  }
  const total = stated(element, 'Количество')
  if (total !== undefined) set(allWarehouses, total)
  for (const store of childrenOf(element, 'Склад')) stored(store, set)
  for (const stores of childrenOf(element, 'Склады')) {
    if (attribute(stores, 'ИдСклада') !== null) stored(stores, set)
    for (const store of childrenOf(stores, 'Склад')) stored(store, set)
  }
  const rests = child(element, 'Остатки')
  for (const rest of rests ? childrenOf(rests, 'Остаток') : []) {
    const alone = stated(rest, 'Количество')
    if (alone !== undefined) set(allWarehouses, alone)
    for (const store of childrenOf(rest, 'Склад')) stored(store, set)
  }
  return { entity: 'stocks', owner: [id], mode: 'stated', items: [...items.values()] }
}

function stored(store: XmlElement, set: (warehouse: string, quantity: string | null) => void): void {
  const warehouse = attribute(store, 'ИдСклада') ?? textOf(store, 'Ид')
  if (warehouse === null) throw new RecordRefused('record_invalid', 'A Склад has no Ид, so it is not known where the quantity is.')
  set(warehouse, attribute(store, 'КоличествоНаСкладе') ?? textOf(store, 'Количество'))
}
