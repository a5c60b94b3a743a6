import type { Cell } from '../../../targets/target.ts'
import type { XmlElement } from '../read/element.ts'
import { child, filled, listed, stated, textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { Change, ListChange, RowChange, Said } from './change.ts'
import { itemLists, requisite, requisitesOf, unitOf } from './item.ts'
import { deletionMark, requiredId } from './values.ts'

/** Товар. One of 2.04 that is a variant (`product#variant`) is a row of its own and says of which product. */
export function productChange({ element, block }: CommerceRecord): Change {
  const id = requiredId(element)
  const unit = unitOf(element)
  const requisites = requisitesOf(element)
  const deleted = deletionMark(element)
  const hash = id.indexOf('#')
  const maker = child(element, 'Изготовитель')
  const values: Said[] = [
    hash < 0 ? null : id.slice(0, hash),
    block.header.get('Ид') || undefined,
    stated(element, 'НомерВерсии'),
    stated(element, 'Наименование'),
    requisite(requisites, 'Полное наименование'),
    stated(element, 'Артикул'),
    requisite(requisites, 'Код'),
    stated(element, 'Штрихкод'),
    stated(element, 'Описание'),
    requisite(requisites, 'ТипНоменклатуры'),
    unit.code,
    unit.name,
    stated(element, 'Страна'),
    maker && (textOf(maker, 'Наименование') ?? filled(maker.text)),
    requisite(requisites, 'Вес'),
    stated(element, 'Ширина'),
    stated(element, 'Длина'),
    stated(element, 'Высота'),
  ]
  const product: RowChange = { entity: 'products', key: [id], values, ...(deleted !== undefined && { deleted }) }
  const lists = [groupsOf(element, id), taxesOf(element, id), ...itemLists(element, 'product', id, requisites)].filter((list) => list !== null)
  return { rows: [product, ...(unit.row ? [unit.row] : [])], lists }
}

/** Группы/Ид: the groups that it is in, the first as the main one. */
function groupsOf(element: XmlElement, id: Cell): ListChange | null {
  const groups = listed(element, 'Группы', 'Ид')
  if (!groups) return null
  const ids = [...new Set(groups.map(({ text }) => filled(text)).filter((group) => group !== null))]
  return { entity: 'product_groups', owner: [id], mode: 'whole', items: ids.map((group, at) => ({ key: [group], values: [at + 1] })) }
}

/** СтавкиНалогов. Goods without VAT have no such block at all, so that its absence says nothing. */
function taxesOf(element: XmlElement, id: Cell): ListChange | null {
  const rates = listed(element, 'СтавкиНалогов', 'СтавкаНалога')
  if (!rates) return null
  const items = new Map(rates.map((rate) => [textOf(rate, 'Наименование') ?? '', textOf(rate, 'Ставка')]))
  return { entity: 'product_taxes', owner: [id], mode: 'whole', items: [...items].map(([name, value]) => ({ key: [name], values: [value] })) }
}

/** What makes a Предложение more than a carrier of prices and stocks. */
const ownBlocks = new Set([
  'Наименование',
  'Артикул',
  'Штрихкод',
  'БазоваяЕдиница',
  'Картинка',
  'ХарактеристикиТовара',
  'ЗначенияСвойств',
  'ЗначенияРеквизитов',
])

/**
 * Whether a Предложение describes an offer: it may also hold nothing but its Ид and prices or stocks, which create nothing. A packet of changes
 * (ИзмененияПакетаПредложений) never describes one.
 */
export function describesOffer({ element, block }: CommerceRecord): boolean {
  if (block.name === 'ИзмененияПакетаПредложений') return false
  return deletionMark(element) === true || element.children.some(({ name }) => ownBlocks.has(name))
}

/** `product` or `product#variant`. In a packet of changes the variant may stand in ИдХарактеристики instead. */
export function offerId(element: XmlElement): string {
  const id = requiredId(element)
  const variant = textOf(element, 'ИдХарактеристики')
  return variant === null || id.includes('#') ? id : `${id}#${variant}`
}

export function offerChange({ element, block }: CommerceRecord): Change {
  const id = offerId(element)
  const [product = '', variant] = id.split('#', 2)
  const unit = unitOf(element)
  const deleted = deletionMark(element)
  const values: Said[] = [
    product,
    variant ?? null,
    block.header.get('ИдКаталога') || undefined,
    stated(element, 'НомерВерсии'),
    stated(element, 'Наименование'),
    stated(element, 'Артикул'),
    stated(element, 'Штрихкод'),
    unit.code,
    unit.name,
  ]
  const offer: RowChange = { entity: 'offers', key: [id], values, ...(deleted !== undefined && { deleted }) }
  return { rows: [offer, ...(unit.row ? [unit.row] : [])], lists: itemLists(element, 'offer', id, requisitesOf(element)) }
}
