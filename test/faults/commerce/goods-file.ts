import { catalog, commerceText, offer, offers, price, prices, product } from '../../server/commerce/xml.ts'

const goods = 10_500
const customers = 2500

/**
 * An export with all four types, so large that each step but the last commits in its middle. Some records can't go in, some are marked as deleted, some come twice, and some
 * offers are of nothing that is known, or come later than nobody.
 */
export function goodsFile(): string {
  const groups = range(40).map((n) => `<Группа><Ид>g${n}</Ид><Наименование>Group ${n}</Наименование></Группа>`)
  const types = range(2).map((n) => `<ТипЦены><Ид>t${n}</Ид><Наименование>Price ${n}</Наименование><Валюта>RUB</Валюта></ТипЦены>`)
  const places = range(3).map((n) => `<Склад><Ид>w${n}</Ид><Наименование>Store ${n}</Наименование></Склад>`)
  const classifier = `<Классификатор><Ид>k1</Ид><Группы>${groups.join('')}</Группы><Склады>${places.join('')}</Склады></Классификатор>`
  const own = [...range(goods), 17, 18].map(goodsOf).join('\n')
  const packet = offers([...range(goods), 19].map(offerOf).join('\n') + carriers(), `<ТипыЦен>${types.join('')}</ТипыЦен>`)
  return commerceText(`${classifier}${catalog(own)}${packet}<Контрагенты>${range(customers).map(customerOf).join('\n')}</Контрагенты>`)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_none, n) => n)
}

function goodsOf(n: number): string {
  const width = n % 997 === 5 ? '1234567890123456789' : '1.5'
  return product(`p${n}`, `<Группы><Ид>g${n % 40}</Ид></Группы><Ширина>${width}</Ширина>`, n % 301 === 7 ? ' Статус="Удален"' : '')
}

function offerOf(n: number): string {
  const amounts = prices(price('t0', n % 499 === 3 ? '-5' : `${n % 900}.25`), price('t1', `${n}`))
  const stocks = `<Склад ИдСклада="w${n % 3}" КоличествоНаСкладе="${n % 50}"/><Количество>${n % 50}</Количество>`
  return offer(n % 700 === 9 ? `lost${n}` : `p${n}`, amounts + stocks)
}

/** Prices and stocks of offers that nobody described. */
function carriers(): string {
  return range(60)
    .map((n) => `<Предложение><Ид>none${n}</Ид>${prices(price('t0', '1'))}<Количество>1</Количество></Предложение>`)
    .join('\n')
}

function customerOf(n: number): string {
  const name = n % 401 === 2 ? '' : `<Ид>c${n}</Ид>`
  const mail = `<Контакты><Контакт><Тип>Почта</Тип><Значение>c${n}@example.com</Значение></Контакт></Контакты>`
  return `<Контрагент>${name}<Наименование>Customer ${n}</Наименование>${mail}</Контрагент>`
}
