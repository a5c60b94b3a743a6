import { catalog, commerceText, offer, offers, price, prices, product } from '../../server/commerce/xml.ts'

const goods = 10_500
const customers = 2500
/** What the second edition has more. */
const more = 700

/** `changed`: the first one some days later, with the same records, of which some say something else. */
export type Edition = 'first' | 'changed'

/**
 * An export with all four types, so large that each step but the last commits in its middle. Some records can't go in, some are marked as deleted, some come twice, and some
 * offers are of nothing that is known, or come later than nobody. The second edition adds, changes, deletes, and brings back what was deleted.
 */
export function goodsFile(edition: Edition): string {
  const changed = edition === 'changed'
  const all = range(changed ? goods + more : goods)
  const groups = range(40).map((n) => `<Группа><Ид>g${n}</Ид><Наименование>Group ${n}</Наименование></Группа>`)
  const types = range(2).map((n) => `<ТипЦены><Ид>t${n}</Ид><Наименование>Price ${n}</Наименование><Валюта>RUB</Валюта></ТипЦены>`)
  const places = range(3).map((n) => `<Склад><Ид>w${n}</Ид><Наименование>Store ${n}</Наименование></Склад>`)
  const classifier = `<Классификатор><Ид>k1</Ид><Группы>${groups.join('')}</Группы><Склады>${places.join('')}</Склады></Классификатор>`
  const own = [...all, 17, 18].map((n) => goodsOf(n, changed)).join('\n')
  const packet = offers([...all, 19].map((n) => offerOf(n, changed)).join('\n') + carriers(), `<ТипыЦен>${types.join('')}</ТипыЦен>`)
  return commerceText(
    `${classifier}${catalog(own)}${packet}<Контрагенты>${range(customers)
      .map((n) => customerOf(n, changed))
      .join('\n')}</Контрагенты>`,
  )
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_none, n) => n)
}

function goodsOf(n: number, changed: boolean): string {
  const width = n % 997 === 5 ? '1234567890123456789' : changed && n % 5 === 0 ? '2.5' : '1.5'
  const deleted = changed ? n % 602 === 7 || n % 307 === 11 : n % 301 === 7
  return product(`p${n}`, `<Группы><Ид>g${n % (changed ? 39 : 40)}</Ид></Группы><Ширина>${width}</Ширина>`, deleted ? ' Статус="Удален"' : '')
}

function offerOf(n: number, changed: boolean): string {
  const cents = changed && n % 4 === 1 ? '50' : '25'
  const amounts = prices(price('t0', n % 499 === 3 ? '-5' : `${n % 900}.${cents}`), price('t1', `${n}`))
  const left = (n % 50) + (changed && n % 3 === 0 ? 1 : 0)
  const stocks = `<Склад ИдСклада="w${n % 3}" КоличествоНаСкладе="${left}"/><Количество>${left}</Количество>`
  return offer(n % 700 === 9 ? `lost${n}` : `p${n}`, amounts + stocks)
}

/** Prices and stocks of offers that nobody described. */
function carriers(): string {
  return range(60)
    .map((n) => `<Предложение><Ид>none${n}</Ид>${prices(price('t0', '1'))}<Количество>1</Количество></Предложение>`)
    .join('\n')
}

function customerOf(n: number, changed: boolean): string {
  const name = n % 401 === 2 ? '' : `<Ид>c${n}</Ид>`
  const mail = `<Контакты><Контакт><Тип>Почта</Тип><Значение>c${n}@example.${changed && n % 6 === 0 ? 'org' : 'com'}</Значение></Контакт></Контакты>`
  return `<Контрагент>${name}<Наименование>Customer ${n}</Наименование>${mail}</Контрагент>`
}
