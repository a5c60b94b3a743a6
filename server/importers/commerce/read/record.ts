import type { XmlElement } from './element.ts'

/** What a file is made of, by the elements that hold it. */
export const recordKinds = ['group', 'property', 'property value', 'unit', 'price type', 'warehouse', 'product', 'offer', 'customer'] as const
export type RecordKind = (typeof recordKinds)[number]

/** What the block says in which a record stands: a catalog or a package of offers. */
export type Block = {
  name: string
  /** Ид, ИдКаталога, Наименование and so on, as they came before the records. */
  header: Map<string, string>
  /** СодержитТолькоИзменения; null when it is not said. */
  onlyChanges: boolean | null
}

/** Where a record begins. `record` counts all records of its file from 1, `line` from 1, `byte` from 0. */
export type RecordPlace = { file: string; record: number; line: number; byte: number }

export type CommerceRecord = RecordPlace & {
  kind: RecordKind
  element: XmlElement
  /** Ид of the group or property that it stands in. */
  within: string | null
  block: Block
  /** How many elements it is made of. */
  elements: number
  /** It has more in it than a record may have; what came first is there. */
  tooLarge: boolean
}

type Rule = { list: string; kind: RecordKind }

/** Which element is a record, by the list that it stands in (CommerceML 2.03 to 3.1; `СвойствоНоменклатуры` is older). */
const rules: Record<string, Rule> = {
  Группа: { list: 'Группы', kind: 'group' },
  Свойство: { list: 'Свойства', kind: 'property' },
  СвойствоНоменклатуры: { list: 'Свойства', kind: 'property' },
  ЕдиницаИзмерения: { list: 'ЕдиницыИзмерения', kind: 'unit' },
  ТипЦены: { list: 'ТипыЦен', kind: 'price type' },
  Склад: { list: 'Склады', kind: 'warehouse' },
  Товар: { list: 'Товары', kind: 'product' },
  Предложение: { list: 'Предложения', kind: 'offer' },
  Контрагент: { list: 'Контрагенты', kind: 'customer' },
}

export function kindOf(parent: string | undefined, name: string): RecordKind | null {
  const rule = rules[name]
  return rule && rule.list === parent ? rule.kind : null
}

/** A record within a record: groups in groups, the values of a property. They may be very many, so they are cut out as records of their own. */
export function innerKindOf(outer: RecordKind, parent: string, name: string): RecordKind | null {
  if (outer === 'group' && parent === 'Группы' && name === 'Группа') return 'group'
  return outer === 'property' && parent === 'ВариантыЗначений' && name === 'Справочник' ? 'property value' : null
}

export const blockNames = new Set(['Классификатор', 'Каталог', 'ПакетПредложений', 'ИзмененияПакетаПредложений', 'Контрагенты'])
export const rootName = 'КоммерческаяИнформация'
/** Orders: passed over whole, with the parties and goods in them. */
export const passedName = 'Документ'
