import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver, writtenBy } from './run-commerce.ts'
import type { TakeSettings, Taken } from './run-commerce.ts'
import { carrier, catalog, changesOfOffers, commerceFile, offer, offers, price, prices, product } from './xml.ts'

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`What an export of 1C means, into ${dialect.name}`, () => {
    let databases: Databases
    let database: TestDatabase
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    beforeEach(async () => {
      database = await databases.create()
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())

    const take = async (inner: string, settings: TakeSettings = {}): Promise<Taken> =>
      await takeOver(database, [commerceFile('1.xml', inner)], settings)
    const rows = async (table: string, columns: string, where = 'deleted_at IS NULL'): Promise<string[][]> => {
      const order = columns.split(',').map((_, at) => at + 1)
      const found = await database.query(`SELECT ${columns} FROM commerce_${table} WHERE ${where} ORDER BY ${order.join(', ')}`)
      return found.map((row) => row.map((cell) => (cell === null ? '-' : `${cell as string | number}`)))
    }
    const pricesNow = async () => await rows('prices', 'offer_id, price_type_id, CAST(price AS text)')

    describe('goods', () => {
      it('keep what is not stated, and lose what is empty', async () => {
        await take(catalog(product('p', '<Артикул>A1</Артикул><Описание>long</Описание><Картинка>a.jpg</Картинка><Группы><Ид>g</Ид></Группы>')))
        await take(catalog('<Товар><Ид>p</Ид><Артикул/></Товар>', 'true'))
        expect(await rows('products', 'id, name, article, description')).toEqual([['p', 'Product p', '-', 'long']])
        expect(await rows('images', 'path')).toEqual([['a.jpg']])
        expect(await rows('product_groups', 'group_id')).toEqual([['g']])
      })

      it('are deleted by their marks alone, softly, and come back without them', async () => {
        await take(catalog(product('a') + product('b') + product('c')), { options: { guard: false } })
        const { entities } = await take(catalog(product('a', '', ' Статус="Удален"') + product('b', '<ПометкаУдаления>true</ПометкаУдаления>')), {
          options: { guard: false },
        })
        expect(entities['products']).toEqual({ created: 0, changed: 0, unchanged: 0, deleted: 2 })
        expect(await rows('products', 'id')).toEqual([['c']])
        expect(await rows('products', 'id', '1 = 1')).toEqual([['a'], ['b'], ['c']])
        await take(catalog(product('a')))
        expect(await rows('products', 'id')).toEqual([['a'], ['c']])
      })

      it('have the complete list of their pictures, in its order', async () => {
        const pictures = (...list: string[]) => list.map((path) => `<Картинка>${path}</Картинка>`).join('')
        await take(catalog(product('p', pictures('1.jpg', '2.jpg', '3.jpg'))))
        await take(catalog(product('p', pictures('3.jpg', 'dir\\4.jpg', '3.jpg', '1.jpg'))))
        expect(await rows('images', 'position, path')).toEqual([
          ['1', '3.jpg'],
          ['2', 'dir/4.jpg'],
          ['3', '1.jpg'],
        ])
        await take(catalog(product('p', '<Картинка/>')))
        expect(await rows('images', 'path')).toEqual([])
      })

      it('have their pictures titled by requisites', async () => {
        const requisite = (name: string, value: string) =>
          `<ЗначениеРеквизита><Наименование>${name}</Наименование><Значение>${value}</Значение></ЗначениеРеквизита>`
        const titles = requisite('ОписаниеФайла', 'a.jpg#In red') + requisite('ОписаниеФайла', 'b.jpg#In blue') + requisite('Код', '00-7')
        await take(catalog(product('p', `<Картинка>a.jpg</Картинка><Картинка>b.jpg</Картинка><ЗначенияРеквизитов>${titles}</ЗначенияРеквизитов>`)))
        expect(await rows('images', 'path, title')).toEqual([
          ['a.jpg', 'In red'],
          ['b.jpg', 'In blue'],
        ])
        expect(await rows('products', 'code')).toEqual([['00-7']])
        expect(await rows('requisites', 'name, position')).toEqual([
          ['Код', '1'],
          ['ОписаниеФайла', '1'],
          ['ОписаниеФайла', '2'],
        ])
      })

      it('have units in three shapes, with codes that are padded or of one country', async () => {
        const shapes = [
          '<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>',
          '<БазоваяЕдиница Код="2009" НаименованиеПолное="штука"><Пересчет><Единица>2009</Единица></Пересчет></БазоваяЕдиница>',
          '<БазоваяЕдиница>112 </БазоваяЕдиница>',
          '<БазоваяЕдиница>уп</БазоваяЕдиница>',
        ]
        await take(catalog(shapes.map((unit, at) => product(`p${at}`, unit)).join('')))
        expect(await rows('products', 'id, unit_code, unit_name')).toEqual([
          ['p0', '796', 'шт'],
          ['p1', '2009', 'штука'],
          ['p2', '112', '-'],
          ['p3', 'уп', 'уп'],
        ])
        expect(await rows('units', 'code, full_name')).toEqual([
          ['112', '-'],
          ['2009', 'штука'],
          ['796', 'Штука'],
          ['уп', '-'],
        ])
      })

      it('have values of properties: ids and texts as they are, null markers as none, empty ones cleared, others kept', async () => {
        const values = (...list: [string, ...string[]][]) =>
          `<ЗначенияСвойств>${list.map(([id, ...all]) => `<ЗначенияСвойства><Ид>${id}</Ид>${all.map((value) => `<Значение>${value}</Значение>`).join('')}</ЗначенияСвойства>`).join('')}</ЗначенияСвойств>`
        await take(catalog(product('p', values(['a', 'x', 'y'], ['b', '00000000-0000-0000-0000-000000000000'], ['c', 'no such id']))))
        await take(catalog(product('p', values(['a', '']))))
        expect(await rows('item_values', 'property_id, position, value')).toEqual([
          ['a', '1', '-'],
          ['b', '1', '-'],
          ['c', '1', 'no such id'],
        ])
      })

      it('of which one is bad are loaded but for that one, which is told with its line', async () => {
        const { outcome, context } = await take(catalog(`${product('a')}\n<Товар><Наименование>nobody</Наименование></Товар>\n${product('b')}`))
        expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { total: 3, succeeded: 2, failed: 1, skipped: 0, notReached: 0 } })
        expect(await rows('products', 'id')).toEqual([['a'], ['b']])
        expect(context.rejected).toMatchObject([{ file: '1.xml', record: 2, line: 5, model: 'product', code: 'record_invalid' }])
        expect(context.rejected[0]?.content).toContain('nobody')
      })

      it('that come twice are as the last says', async () => {
        await take(catalog(product('p', '<Артикул>1</Артикул>') + product('p', '<Артикул>2</Артикул>')))
        expect(await rows('products', 'id, article')).toEqual([['p', '2']])
        expect(writtenBy(await take(catalog(product('p', '<Артикул>1</Артикул>') + product('p', '<Артикул>2</Артикул>'))))).toBe(0)
      })

      it('of two sources do not mix', async () => {
        await take(catalog(product('p')), { options: { source: 'one' } })
        await take(catalog(product('p', '', ' Статус="Удален"')), { options: { source: 'two' } })
        expect(await rows('products', 'source, id', '1 = 1')).toEqual([
          ['one', 'p'],
          ['two', 'p'],
        ])
        expect(await rows('products', 'source')).toEqual([['one']])
      })

      it('of 2.04 that are variants are rows of their own', async () => {
        const characteristic =
          '<ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>38,5</Значение></ХарактеристикаТовара></ХарактеристикиТовара>'
        const { context } = await take(catalog(product('p#v', characteristic)) + offers(offer('p#v')))
        expect(await rows('products', 'id, variant_of')).toEqual([['p#v', 'p']])
        expect(await rows('characteristics', 'owner, owner_id, name, value')).toEqual([['product', 'p#v', 'Размер', '38,5']])
        expect(context.text).not.toContain('no product that is known')
      })
    })

    describe('classifiers', () => {
      it('are trees of groups, deep and marked, and never delete what they do not name', async () => {
        const group = (id: string, inner = '') => `<Группа><Ид>${id}</Ид><Наименование>G${id}</Наименование>${inner}</Группа>`
        const tree = group('1', `<Группы>${group('2', `<Группы>${group('3')}</Группы>`)}</Группы>`)
        await take(`<Классификатор><Ид>k</Ид><Группы>${tree}</Группы></Классификатор>`)
        await take(`<Классификатор><Ид>k</Ид><Группы>${group('3', '<ПометкаУдаления>true</ПометкаУдаления>')}</Группы></Классификатор>`)
        expect(await rows('groups', 'id, parent_id, name')).toEqual([
          ['1', '-', 'G1'],
          ['2', '1', 'G2'],
        ])
      })
    })

    describe('prices', () => {
      it('touch prices alone when they alone are chosen', async () => {
        await take(catalog(product('p')) + offers(offer('p', prices(price('t', '10')))))
        const before = { products: await rows('products', '*'), offers: await rows('offers', '*') }
        const inner =
          catalog(product('q')) +
          offers(offer('p', `<Артикул>new</Артикул>${prices(price('t', '11,50'))}<Количество>5</Количество>`) + offer('q', prices(price('t', '1'))))
        const { entities } = await take(inner, { types: ['prices'], options: { guard: false } })
        expect(Object.keys(entities)).toEqual(['pending', 'prices'])
        expect({ products: await rows('products', '*'), offers: await rows('offers', '*') }).toEqual(before)
        expect(await rows('stocks', 'offer_id')).toEqual([])
        expect(await pricesNow()).toEqual([['p', 't', '11.5']])
      })

      it('of offers that are not there wait for them, and are told', async () => {
        const { outcome, context } = await take(
          offers(carrier('p#v', prices(price('t', '7'))) + carrier('p#v', '<Остатки><Остаток><Количество>3</Количество></Остаток></Остатки>')),
        )
        expect(outcome).toMatchObject({ status: 'succeeded', ledger: { total: 2, succeeded: 0, skipped: 2, notReached: 0 } })
        expect(context.text).toContain('2 records with prices or stocks of offers that are not known')
        expect(await pricesNow()).toEqual([])
        await take(offers(carrier('p#v', prices(price('u', '8')))), { types: ['prices'] })
        await take(offers(offer('p#v')), { types: ['catalog'] })
        expect(await pricesNow()).toEqual([
          ['p#v', 't', '7'],
          ['p#v', 'u', '8'],
        ])
        expect(await rows('stocks', 'offer_id, warehouse_id, CAST(quantity AS text)')).toEqual([['p#v', '', '3']])
        expect(await rows('pending', 'offer_id')).toEqual([])
      })

      it('that are not stated stay; those of a type are its whole list; an empty block clears', async () => {
        await take(offers(offer('p', prices(price('a', '10'), price('a', '9', '<МинКоличество>10</МинКоличество>'), price('b', '20')))))
        await take(offers(carrier('p', prices(price('a', '10')))), { options: { guard: false } })
        expect(await rows('prices', 'price_type_id, CAST(min_quantity AS text), CAST(price AS text)')).toEqual([
          ['a', '0', '10'],
          ['b', '0', '20'],
        ])
        await take(offers(carrier('p', '<Цены/>')))
        expect(await pricesNow()).toEqual([])
      })

      it('are exact, with commas, no-break spaces and many places, and never floats', async () => {
        await take(offers(offer('p', prices(price('a', '1\u00a0234\u00a0567,89'), price('b', '0.10'), price('c', '1000000.00')))))
        expect(await pricesNow()).toEqual([
          ['p', 'a', '1234567.89'],
          ['p', 'b', '0.1'],
          ['p', 'c', '1000000'],
        ])
      })

      it.each([
        ['negative', '-5', /negative/],
        ['no number', 'free', /no number: “free”/],
        ['longer than what is kept exactly', '123456789012345.67', /15 digits/],
      ])('that are %s are rejected, each offer for itself', async (_what, amount, reason) => {
        const { outcome, context } = await take(offers(offer('p', prices(price('t', amount))) + offer('q', prices(price('t', '2')))))
        expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { total: 4, succeeded: 3, failed: 1 } })
        expect(context.rejected).toMatchObject([{ key: 'p', code: 'value_invalid', reason: expect.stringMatching(reason) as string }])
        expect(await pricesNow()).toEqual([['q', 't', '2']])
      })

      it('stated twice for the same type and quantity: the last counts, with a warning', async () => {
        const { context } = await take(offers(offer('p', prices(price('t', '27700'), price('t', '21900')))))
        expect(await pricesNow()).toEqual([['p', 't', '21900']])
        expect(context.text).toContain('price type t is stated twice')
      })

      it('may come in a packet of changes, with the variant beside the id, and create nothing', async () => {
        await take(offers(offer('p#v')))
        const changes = `<Ид>p</Ид><ИдХарактеристики>v</ИдХарактеристики><КодЕдиницыИзмерения>796</КодЕдиницыИзмерения>`
        const { entities } = await take(
          changesOfOffers(
            `<Предложение>${changes}${prices(price('t', '3'))}<Склады ИдСклада="w" КоличествоНаСкладе="4"/><Количество>6</Количество></Предложение>`,
          ),
        )
        expect(Object.keys(entities).toSorted()).toEqual(['prices', 'stocks'])
        expect(await pricesNow()).toEqual([['p#v', 't', '3']])
        expect(await rows('stocks', 'warehouse_id, CAST(quantity AS text)')).toEqual([
          ['', '6'],
          ['w', '4'],
        ])
      })

      it('have price types, of the package or of the classifier', async () => {
        const type = (id: string) =>
          `<ТипЦены><Ид>${id}</Ид><Наименование>T</Наименование><Валюта>RUB</Валюта><Налог><Наименование>НДС</Наименование><УчтеноВСумме>true</УчтеноВСумме></Налог></ТипЦены>`
        await take(`<Классификатор><Ид>k</Ид><ТипыЦен>${type('a')}</ТипыЦен></Классификатор>${offers('', `<ТипыЦен>${type('b')}</ТипыЦен>`)}`, {
          types: ['prices'],
        })
        expect(await rows('price_types', 'id, name, currency, tax_name')).toEqual([
          ['a', 'T', 'RUB', 'НДС'],
          ['b', 'T', 'RUB', 'НДС'],
        ])
      })
    })

    describe('stocks', () => {
      const stocksNow = async () => await rows('stocks', 'offer_id, warehouse_id, CAST(quantity AS text)')

      it('have four shapes', async () => {
        const shapes = [
          '<Количество>5</Количество>',
          '<Склад ИдСклада="a" КоличествоНаСкладе="1"/><Склад ИдСклада="b" КоличествоНаСкладе="-2"/>',
          '<Склады><Склад ИдСклада="a" КоличествоНаСкладе="3"/></Склады>',
          '<Остатки><Остаток><Склад><Ид>a</Ид><Количество>4.500</Количество></Склад></Остаток></Остатки>',
        ]
        await take(offers(shapes.map((stock, at) => offer(`p${at}`, stock)).join('')))
        expect(await stocksNow()).toEqual([
          ['p0', '', '5'],
          ['p1', 'a', '1'],
          ['p1', 'b', '-2'],
          ['p2', 'a', '3'],
          ['p3', 'a', '4.5'],
        ])
      })

      it('that are not stated stay, and none at all is not zero', async () => {
        await take(offers(offer('p', '<Количество>5</Количество><Склад ИдСклада="a" КоличествоНаСкладе="5"/>') + offer('q')))
        await take(offers(carrier('p', '<Склад ИдСклада="a" КоличествоНаСкладе="7"/>')), { types: ['stocks'] })
        expect(await stocksNow()).toEqual([
          ['p', '', '5'],
          ['p', 'a', '7'],
        ])
        await take(offers(carrier('p', '<Остатки/>')), { types: ['stocks'] })
        expect(await stocksNow()).toEqual([])
      })
    })

    describe('customers', () => {
      it('have addresses, contacts, bank accounts and representatives, and are deleted by their mark', async () => {
        const customer = (inner: string) => `<Контрагенты><Контрагент><Ид>c</Ид><Наименование>N</Наименование>${inner}</Контрагент></Контрагенты>`
        const address = '<Адрес><Представление>Street 1</Представление><АдресноеПоле><Тип>Город</Тип><Значение>X</Значение></АдресноеПоле></Адрес>'
        const contact = '<Контакты><Контакт><Тип>Почта</Тип><Значение>a@b.c</Значение></Контакт></Контакты>'
        const bank = '<Банк><БИК>044</БИК><Наименование>B</Наименование><Адрес><Представление>Street 2</Представление></Адрес></Банк>'
        const account = `<РасчетныеСчета><РасчетныйСчет><НомерСчета>0040</НомерСчета>${bank}</РасчетныйСчет></РасчетныеСчета>`
        const person =
          '<Представители><Представитель><Отношение>Contact</Отношение><Ид>r</Ид><Наименование>R</Наименование></Представитель></Представители>'
        await take(customer(`<ИНН>7700</ИНН>${address}${contact}${account}${person}`), { types: ['customers'] })
        expect(await rows('customers', 'id, name, inn')).toEqual([['c', 'N', '7700']])
        expect(await rows('customer_addresses', 'kind, address, fields')).toEqual([['Адрес', 'Street 1', '{"Город":"X"}']])
        expect(await rows('customer_accounts', 'number, bank, bic, correspondent, bank_address')).toEqual([['0040', 'B', '044', '-', 'Street 2']])
        expect(await rows('customer_representatives', 'relation, id, name')).toEqual([['Contact', 'r', 'R']])
        await take(customer('<Контакты/><ПометкаУдаления>true</ПометкаУдаления>'), { types: ['customers'] })
        expect(await rows('customers', 'id')).toEqual([])
        expect(await rows('customer_contacts', 'value')).toEqual([])
        expect(await rows('customer_addresses', 'kind')).toEqual([['Адрес']])
      })
    })

    describe('a run', () => {
      it('does its steps in the order that data need, each with its own progress', async () => {
        const inner = offers(offer('p', `${prices(price('t', '1'))}<Количество>1</Количество>`)) + catalog(product('p'))
        const { context } = await take(inner, { types: ['stocks', 'catalog', 'prices'] })
        const steps = context.updates.map(({ step }) => `${step?.index}/${step?.count} ${step?.name}`)
        expect([...new Set(steps)]).toEqual(['1/4 check', '2/4 catalog', '3/4 prices', '4/4 stocks'])
        expect(context.updates.at(-1)).toMatchObject({ percent: 100, ledger: { total: 4, succeeded: 4, notReached: 0 } })
        expect(await pricesNow()).toEqual([['p', 't', '1']])
      })

      it('says at its end what it did to each entity, for people and for programs', async () => {
        await take(catalog(product('a') + product('b')))
        const { context, entities } = await take(catalog(product('a') + product('b', '<Артикул>7</Артикул>') + product('c')))
        expect(entities['products']).toEqual({ created: 1, changed: 1, unchanged: 1, deleted: 0 })
        expect(context.text).toContain('info: Products: 1 created, 1 changed, 1 unchanged.')
      })

      it('leaves rows that did not change as they were, with the run that last touched them', async () => {
        await take(catalog(product('a') + product('b')), { importId: 'commerce_first' })
        await take(catalog(product('a') + product('b', '<Артикул>7</Артикул>')), { importId: 'commerce_second' })
        expect(await rows('products', 'id, import_id')).toEqual([
          ['a', 'commerce_first'],
          ['b', 'commerce_second'],
        ])
      })

      it('can look at the rejected records alone', async () => {
        const goods = `${product('a')}<Товар><Наименование>x</Наименование></Товар>${product('b')}`
        const { outcome } = await take(catalog(goods), { only: [{ file: '1.xml', record: 3 }] })
        expect(outcome.ledger).toMatchObject({ total: 1, succeeded: 1 })
        expect(await rows('products', 'id')).toEqual([['b']])
      })

      it('tells files of one name apart', async () => {
        const bad = commerceFile('1.xml', catalog('<Товар/>'))
        const { context, outcome } = await takeOver(database, [bad, bad])
        expect(outcome.ledger).toMatchObject({ total: 2, failed: 2 })
        expect(context.rejected.map(({ file }) => file)).toEqual(['1.xml', '1.xml (2)'])
      })

      it('ends well when there is nothing of what was chosen, and says so', async () => {
        const { outcome, context } = await take(catalog(product('a')), { types: ['customers'] })
        expect(outcome).toMatchObject({ status: 'succeeded', ledger: { total: 0 } })
        expect(context.text).toContain('There is nothing of the chosen types')
      })

      it('does not touch a table that somebody else made under its name', async () => {
        await database.run('CREATE TABLE commerce_products (id text PRIMARY KEY)')
        const { outcome } = await take(catalog(product('a'))).catch((error: unknown) => ({ outcome: error }))
        expect(outcome).toMatchObject({ code: 'column_missing' })
      })
    })
  })
}
