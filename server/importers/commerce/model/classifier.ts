import type { XmlElement } from '../read/element.ts'
import { child, filled, stated, textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { Change, RowChange } from './change.ts'
import { deletionMark, requiredId, statedFlag } from './values.ts'

/** Группа: its parent is the group that it stands in. */
export function groupChange({ element, within }: CommerceRecord): Change {
  return one({ entity: 'groups', key: [requiredId(element)], values: [within, stated(element, 'Наименование')] }, element)
}

/** Свойство. Without ТипЗначений it is a text. */
export function propertyChange({ element }: CommerceRecord): Change {
  const values = [
    stated(element, 'Наименование'),
    stated(element, 'ТипЗначений'),
    statedFlag(element, 'ДляТоваров'),
    statedFlag(element, 'ДляПредложений'),
    statedFlag(element, 'Множественное'),
    statedFlag(element, 'Обязательное'),
  ]
  return one({ entity: 'properties', key: [requiredId(element)], values }, element)
}

/** Справочник: a value that a property can have. The owner's Ид stands before its values. */
export function propertyValueChange({ element, within }: CommerceRecord): Change {
  const owner = within ?? requiredId({ name: 'Свойство', attributes: null, text: '', children: [] })
  return one({ entity: 'property_values', key: [owner, requiredId(element, 'ИдЗначения')], values: [stated(element, 'Значение')] }, element)
}

/** ЕдиницаИзмерения: known by its code, or by its Ид where it has none. */
export function unitChange({ element }: CommerceRecord): Change {
  const code = textOf(element, 'Код') ?? requiredId(element)
  const values = [stated(element, 'НаименованиеКраткое'), stated(element, 'НаименованиеПолное'), stated(element, 'МеждународноеСокращение')]
  return one({ entity: 'units', key: [code], values }, element)
}

export function priceTypeChange({ element }: CommerceRecord): Change {
  const tax = child(element, 'Налог')
  const values = [
    stated(element, 'Наименование'),
    stated(element, 'Валюта'),
    tax && stated(tax, 'Наименование'),
    tax && statedFlag(tax, 'УчтеноВСумме'),
  ]
  return one({ entity: 'price_types', key: [requiredId(element)], values }, element)
}

export function warehouseChange({ element }: CommerceRecord): Change {
  const address = child(element, 'Адрес')
  const values = [stated(element, 'Наименование'), address && (textOf(address, 'Представление') ?? filled(address.text))]
  return one({ entity: 'warehouses', key: [requiredId(element)], values }, element)
}

function one(row: Omit<RowChange, 'deleted'>, element: XmlElement): Change {
  const deleted = deletionMark(element)
  return { rows: [{ ...row, ...(deleted !== undefined && { deleted }) }], lists: [] }
}
