import type { XmlElement } from '../read/element.ts'
import { child, childrenOf, filled, listed, stated, textOf } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { Change, ListChange } from './change.ts'
import { deletionMark, requiredId } from './values.ts'

/** Контрагент: a company (ОфициальноеНаименование) or a person (ПолноеНаименование), with addresses, contacts, bank accounts and representatives. */
export function customerChange({ element }: CommerceRecord): Change {
  const id = requiredId(element)
  const deleted = deletionMark(element)
  const values = [
    stated(element, 'НомерВерсии'),
    stated(element, 'Наименование'),
    stated(element, 'ОфициальноеНаименование'),
    stated(element, 'ПолноеНаименование'),
    stated(element, 'Роль'),
    stated(element, 'ИНН'),
    stated(element, 'КПП'),
    stated(element, 'КодПоОКПО'),
  ]
  const lists = [...addresses(element, id), contacts(element, id), accounts(element, id), representatives(element, id)].filter(
    (list) => list !== null,
  )
  return { rows: [{ entity: 'customers', key: [id], values, ...(deleted !== undefined && { deleted }) }], lists }
}

const addressKinds = ['Адрес', 'АдресРегистрации', 'ЮридическийАдрес', 'ФактическийАдрес', 'ПочтовыйАдрес']

/** Each kind of address is a list of one, so that one that is not stated stays. Fields are dirty in real exports: they stay as they are, as JSON. */
function addresses(element: XmlElement, id: string): ListChange[] {
  const items = addressKinds.flatMap((kind) => {
    const address = child(element, kind)
    if (!address) return []
    const fields = childrenOf(address, 'АдресноеПоле').map((field) => [textOf(field, 'Тип') ?? '', textOf(field, 'Значение')])
    const text = textOf(address, 'Представление') ?? filled(address.text)
    return [{ key: [kind], values: [text, fields.length > 0 ? JSON.stringify(Object.fromEntries(fields)) : null] }]
  })
  return items.length === 0 ? [] : [{ entity: 'customer_addresses', owner: [id], mode: 'stated', items }]
}

function contacts(element: XmlElement, id: string): ListChange | null {
  const stated = listed(element, 'Контакты', 'Контакт')
  if (!stated) return null
  const items = stated.map((contact, at) => ({
    key: [at + 1],
    values: [textOf(contact, 'Тип') ?? textOf(contact, 'КонтактВид'), textOf(contact, 'Значение')],
  }))
  return { entity: 'customer_contacts', owner: [id], mode: 'whole', items }
}

/** РасчетныеСчета/РасчетныйСчет{НомерСчета, Банк}. */
function accounts(element: XmlElement, id: string): ListChange | null {
  const stated = listed(element, 'РасчетныеСчета', 'РасчетныйСчет')
  if (!stated) return null
  const items = stated.map((account, at) => {
    const bank = child(account, 'Банк')
    const ofBank = ['Наименование', 'БИК', 'СчетКорреспондентский'].map((name) => bank && textOf(bank, name))
    const address = bank && child(bank, 'Адрес')
    return {
      key: [at + 1],
      values: [textOf(account, 'НомерСчета'), ...ofBank, address && textOf(address, 'Представление')].map((value) => value ?? null),
    }
  })
  return { entity: 'customer_accounts', owner: [id], mode: 'whole', items }
}

/** Представители/Представитель: what they are to the customer, and who; in older files within Контрагент. */
function representatives(element: XmlElement, id: string): ListChange | null {
  const stated = listed(element, 'Представители', 'Представитель')
  if (!stated) return null
  const items = stated.map((one, at) => {
    const who = child(one, 'Контрагент') ?? one
    const relation = textOf(one, 'Отношение') ?? textOf(who, 'Отношение')
    return { key: [at + 1], values: [relation, textOf(who, 'Ид'), textOf(who, 'Наименование')] }
  })
  return { entity: 'customer_representatives', owner: [id], mode: 'whole', items }
}
