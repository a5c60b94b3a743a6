import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'

/** What the exchange of a shop would send in full: goods with a classifier, and their offers with prices and stocks. */
export type ShopSize = { products: number; offersOfProduct: number; prices: number; stocks: number }

const id = (kind: number, at: number): string => `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${at.toString(16).padStart(12, '0')}`
const groups = 200
const properties = 5

/** Writes `import0_1.xml` as 1C lays it out: tabs, a line for each tag. */
export async function writeGoods(file: string, { products }: ShopSize): Promise<void> {
  await write(
    file,
    [
      `<Классификатор><Ид>${id(1, 1)}</Ид><Наименование>Классификатор</Наименование><Группы>`,
      ...range(groups).map((at) => `<Группа><Ид>${id(2, at)}</Ид><Наименование>Группа ${at}</Наименование></Группа>`),
      '</Группы><Свойства>',
      ...range(properties).map(
        (at) => `<Свойство><Ид>${id(3, at)}</Ид><Наименование>Свойство ${at}</Наименование><ТипЗначений>Строка</ТипЗначений></Свойство>`,
      ),
      '</Свойства></Классификатор>',
      `<Каталог СодержитТолькоИзменения="false"><Ид>${id(1, 1)}</Ид><ИдКлассификатора>${id(1, 1)}</ИдКлассификатора><Товары>`,
    ],
    products,
    goods,
    '</Товары></Каталог>',
  )
}

function goods(at: number): string {
  const values = range(properties).map(
    (property) => `
				<ЗначенияСвойства>
					<Ид>${id(3, property)}</Ид>
					<Значение>Значение ${(at * 7 + property) % 100}</Значение>
				</ЗначенияСвойства>`,
  )
  return `
		<Товар>
			<Ид>${id(4, at)}</Ид>
			<Артикул>A-${at}</Артикул>
			<Наименование>Товар номер ${at} для примера</Наименование>
			<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE">
				<Пересчет>
					<Единица>796</Единица>
					<Коэффициент>1</Коэффициент>
				</Пересчет>
			</БазоваяЕдиница>
			<Группы>
				<Ид>${id(2, at % groups)}</Ид>
			</Группы>
			<Описание>Описание товара номер ${at}: несколько слов о том, что это такое и для чего.</Описание>
			<Картинка>import_files/${(at % 256).toString(16).padStart(2, '0')}/${id(4, at)}.jpg</Картинка>
			<ЗначенияСвойств>${values.join('')}
			</ЗначенияСвойств>
			<СтавкиНалогов>
				<СтавкаНалога>
					<Наименование>НДС</Наименование>
					<Ставка>20</Ставка>
				</СтавкаНалога>
			</СтавкиНалогов>
		</Товар>`
}

/** Writes `offers0_1.xml`. */
export async function writeOffers(file: string, size: ShopSize): Promise<void> {
  await write(
    file,
    [
      `<ПакетПредложений СодержитТолькоИзменения="false"><Ид>${id(1, 1)}#</Ид><ИдКаталога>${id(1, 1)}</ИдКаталога><ТипыЦен>`,
      ...range(size.prices).map((at) => `<ТипЦены><Ид>${id(5, at)}</Ид><Наименование>Цена ${at}</Наименование><Валюта>RUB</Валюта></ТипЦены>`),
      '</ТипыЦен><Склады>',
      ...range(size.stocks).map((at) => `<Склад><Ид>${id(6, at)}</Ид><Наименование>Склад ${at}</Наименование></Склад>`),
      '</Склады><Предложения>',
    ],
    size.products * size.offersOfProduct,
    (at) => offer(at, size),
    '</Предложения></ПакетПредложений>',
  )
}

function offer(at: number, { offersOfProduct, prices, stocks }: ShopSize): string {
  const product = id(4, Math.floor(at / offersOfProduct))
  const own = offersOfProduct === 1 ? product : `${product}#${id(7, at)}`
  const amounts = range(prices).map(
    (type) => `
				<Цена>
					<Представление>${100 + ((at * 13 + type) % 5000)}.50 RUB за шт</Представление>
					<ИдТипаЦены>${id(5, type)}</ИдТипаЦены>
					<ЦенаЗаЕдиницу>${100 + ((at * 13 + type) % 5000)}.50</ЦенаЗаЕдиницу>
					<Валюта>RUB</Валюта>
					<Единица>шт</Единица>
					<Коэффициент>1</Коэффициент>
				</Цена>`,
  )
  const stores = range(stocks).map(
    (store) => `
			<Склад ИдСклада="${id(6, store)}" КоличествоНаСкладе="${(at * 3 + store) % 50}"/>`,
  )
  return `
		<Предложение>
			<Ид>${own}</Ид>
			<Наименование>Предложение номер ${at}</Наименование>
			<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE"/>
			<Цены>${amounts.join('')}
			</Цены>${stores.join('')}
		</Предложение>`
}

async function write(file: string, head: string[], count: number, record: (at: number) => string, tail: string): Promise<void> {
  const out = createWriteStream(file)
  out.write(
    `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_2" ВерсияСхемы="2.07" ДатаФормирования="2024-01-01T00:00:00">\n`,
  )
  out.write(head.join('\n'))
  for (let at = 0; at < count; at += 1) if (!out.write(record(at))) await once(out, 'drain')
  out.end(`\n${tail}\n</КоммерческаяИнформация>\n`)
  await finished(out)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}
