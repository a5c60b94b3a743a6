import type { Cell } from '../../../targets/target.ts'
import type { XmlElement } from '../read/element.ts'
import { attribute, child, childrenOf, filled, listed, textOf } from '../read/element.ts'
import type { ListChange, RowChange, Said } from './change.ts'

export type ItemOwner = 'product' | 'offer'

/** The lists that goods and offers have in common. A list that is not there is not spoken of. */
export function itemLists(element: XmlElement, owner: ItemOwner, id: string, stated: Requisite[] | undefined): ListChange[] {
  const key: Cell[] = [owner, id]
  const lists = [images(element, key, stated), itemValues(element, key), characteristics(element, key), requisites(key, stated)]
  return lists.filter((list) => list !== null)
}

/** Картинка, repeated: the complete list in its order, the main one first. Titles stand in the requisite ОписаниеФайла, as `path#title`. */
function images(element: XmlElement, owner: Cell[], requisites: Requisite[] = []): ListChange | null {
  const pictures = childrenOf(element, 'Картинка')
  if (pictures.length === 0) return null
  const titles = new Map<string, string>()
  for (const { name, value } of requisites) {
    const hash = value?.indexOf('#') ?? -1
    if (name === 'ОписаниеФайла' && value && hash > 0) titles.set(value.slice(0, hash), value.slice(hash + 1))
  }
  const paths = [...new Set(pictures.map(({ text }) => filled(text)?.replaceAll('\\', '/')).filter((path) => path !== undefined))]
  const items = paths.map((path, at) => ({ key: [path], values: [at + 1, titles.get(path) ?? null] }))
  return { entity: 'images', owner, mode: 'whole', items }
}

/** ЗначенияСвойства{Ид, Значение*}: of a dictionary the id of the value, else its text. An empty one stays as a row without a value: cleared. */
function itemValues(element: XmlElement, owner: Cell[]): ListChange | null {
  const stated = listed(element, 'ЗначенияСвойств', 'ЗначенияСвойства')
  if (!stated) return null
  const values = new StatedValues()
  for (const one of stated) {
    const property = textOf(one, 'Ид') ?? textOf(one, 'Наименование')
    if (property === null) continue
    let position = 0
    for (const { name, text } of one.children) {
      const value = name === 'Значение' ? filled(text) : null
      if (value !== null) values.set(property, (position += 1), value)
    }
    if (position === 0) values.set(property, 1, null)
  }
  return { entity: 'item_values', owner, mode: 'stated', items: values.items }
}

/** Values by property and position, in the order in which they came; the last one of each counts. */
class StatedValues {
  readonly items: ListChange['items'] = []
  readonly #byPosition: Map<string, ListChange['items'][number]>[] = []

  set(property: string, position: number, value: string | null): void {
    const known = (this.#byPosition[position] ??= new Map())
    const before = known.get(property)
    if (before) {
      before.values = [value]
      return
    }
    const item = { key: [property, position], values: [value] }
    known.set(property, item)
    this.items.push(item)
  }
}

/** ХарактеристикаТовара: the Ид is often missing, so the name tells them apart. The value is text for people and stays as it is. */
function characteristics(element: XmlElement, owner: Cell[]): ListChange | null {
  const stated = listed(element, 'ХарактеристикиТовара', 'ХарактеристикаТовара')
  if (!stated) return null
  const items = new Map<string, ListChange['items'][number]>()
  for (const [at, one] of stated.entries()) {
    const name = textOf(one, 'Наименование') ?? textOf(one, 'Ид')
    if (name !== null) items.set(name, { key: [name], values: [at + 1, textOf(one, 'Ид'), textOf(one, 'Значение')] })
  }
  return { entity: 'characteristics', owner, mode: 'whole', items: [...items.values()] }
}

function requisites(owner: Cell[], stated: Requisite[] | undefined): ListChange | null {
  if (!stated) return null
  const seen = new Map<string, number>()
  const items = stated.map(({ name, value }) => {
    const position = (seen.get(name) ?? 0) + 1
    seen.set(name, position)
    return { key: [name, position], values: [value] }
  })
  return { entity: 'requisites', owner, mode: 'whole', items }
}

export type Requisite = { name: string; value: string | null }

/** ЗначенияРеквизитов: names and texts, names repeated or localised; undefined when there is no such block. */
export function requisitesOf(element: XmlElement): Requisite[] | undefined {
  return listed(element, 'ЗначенияРеквизитов', 'ЗначениеРеквизита')?.flatMap((one) => {
    const name = textOf(one, 'Наименование')
    return name === null ? [] : [{ name, value: textOf(one, 'Значение') }]
  })
}

/** A requisite as a column: undefined when it is not among them. */
export function requisite(requisites: Requisite[] | undefined, name: string): Said {
  return requisites?.find((one) => one.name === name)?.value
}

/**
 * БазоваяЕдиница in its three shapes: attributes and the short name as text (2.04, 2.05), attributes alone or with Пересчет (2.07, 2.08), the code as text
 * (3.1). Codes are texts, padded (`796 `), and not all of them of the classifier.
 */
export function unitOf(element: XmlElement): { code: Said; name: Said; row: RowChange | null } {
  const unit = child(element, 'БазоваяЕдиница')
  if (!unit) return { code: undefined, name: undefined, row: null }
  const text = filled(unit.text)
  const full = attribute(unit, 'НаименованиеПолное')
  const short = attribute(unit, 'НаименованиеКраткое') ?? (text !== null && /^\d+$/.test(text) ? null : text)
  const code = attribute(unit, 'Код') ?? text ?? full
  const international = attribute(unit, 'МеждународноеСокращение')
  const values = [short ?? undefined, full ?? undefined, international ?? undefined]
  return { code, name: short ?? full ?? undefined, row: code === null ? null : { entity: 'units', key: [code], values, ifMissing: true } }
}
