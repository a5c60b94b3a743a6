import { afterEach, beforeEach, expect, it } from 'vitest'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import type { ApiClient } from '../../support/api-client.ts'
import type { TestApp } from '../../support/start-app.ts'
import type { CatalogItem, CatalogProducts, CatalogView } from '../../../shared/protocol/catalog-views.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import { catalog, commerceText, offer, offers, price, prices, product } from './xml.ts'
import { zipOf } from './zip-file.ts'

const group = (id: string, inner = '') => `<Группа><Ид>${id}</Ид><Наименование>G${id}</Наименование>${inner}</Группа>`
const classifier = `<Классификатор><Ид>k1</Ид><Группы>${group('1', `<Группы>${group('2')}</Группы>`)}</Группы>
  <Свойства><Свойство><Ид>s</Ид><Наименование>Colour</Наименование><ВариантыЗначений><Справочник><ИдЗначения>r</ИдЗначения><Значение>red</Значение></Справочник></ВариантыЗначений></Свойство></Свойства></Классификатор>`
const inside = '<Артикул>A-1</Артикул><Группы><Ид>2</Ид></Группы><Картинка>import_files/ab/a.jpg</Картинка><Картинка>b.svg</Картинка>'
const values = '<ЗначенияСвойств><ЗначенияСвойства><Ид>s</Ид><Значение>r</Значение></ЗначенияСвойства></ЗначенияСвойств>'
const in3 = '<Группы><Ид>3</Ид></Группы>'
const named = product('0', in3).replace('Product 0', 'Product b') + `<Товар><Ид>1</Ид>${in3}</Товар>`
const goods = catalog(product('b', in3) + named + product('a', inside + values) + product('gone', '<Группы><Ид>2</Ид></Группы>', ' Статус="Удален"'))
const stores = '<Склады><Склад><Ид>w</Ид><Наименование>Store</Наименование></Склад></Склады>'
const stock = '<Склад ИдСклада="w" КоличествоНаСкладе="4"/>'
const variants = offer('b#1', prices(price('t', '7')) + stock) + offer('b#2', prices(price('t', '6.5')) + stock)
const packet = offers(offer('a', prices(price('t', '10.50')) + stock) + offer('a#v', prices(price('t', '11'))) + variants, stores)
const photo = Buffer.from('a photo')
const source = '1c'

describeOnAppDatabases('the catalog that came from 1C', (start) => {
  let app: TestApp
  let admin: ApiClient
  beforeEach(async () => {
    app = await start({})
    admin = await app.admin()
    const zip = zipOf([
      { name: 'webdata/import.xml', content: commerceText(classifier + goods) },
      { name: 'webdata/offers.xml', content: commerceText(packet) },
      { name: 'webdata/import_files/ab/a.jpg', content: photo },
      { name: 'webdata/b.svg', content: '<svg/>' },
    ])
    const options = { types: ['catalog', 'prices', 'stocks'] }
    const { body } = await admin.start(new Uint8Array(zip), { kind: 'commerce', name: 'export.zip', options })
    expect((await admin.ended(body.import.id)).status).toBe('succeeded')
  })
  afterEach(async () => await app.close())

  it('is looked at by groups, products and offers, with the pictures of its files', async () => {
    const { body: view } = await admin.get<CatalogView>(paths.catalog('main'))
    expect(view).toMatchObject({ sources: [source], source, products: 4 })
    expect(view.groups).toEqual(expect.arrayContaining([{ id: '2', parent: '1', name: 'G2' }]))
    const products = async (query: string) => (await admin.get<CatalogProducts>(`${paths.catalogProducts('main')}?source=${source}${query}`)).body
    const idsOf = async (query: string) => (await products(query)).items.map(({ id }) => id)
    // By name, those of one name by key, those without one last; whole pages, whatever is marked as deleted or of another source.
    expect([await idsOf(''), await idsOf('&limit=2&page=2')]).toEqual([
      ['a', '0', 'b', '1'],
      ['b', '1'],
    ])
    expect([await idsOf('&group=3'), await idsOf('&group=3&limit=1&page=2')]).toEqual([['0', 'b', '1'], ['b']])
    expect([(await products('')).total, (await products('&group=3')).total]).toEqual([4, 3])
    // By each of the words, in what people know of a product: in all, or in a group.
    expect([await idsOf('&q=product'), await idsOf('&q=PRODUCT+a-1'), await idsOf('&q=A-1&group=2'), await idsOf('&q=a-1&group=3')]).toEqual([
      ['a', '0', 'b'],
      ['a'],
      ['a'],
      [],
    ])
    expect([(await products('&q=product&limit=1')).total, (await products('&q=%20')).total, (await products('&q=b&group=3')).total]).toEqual([
      3, 4, 2,
    ])
    expect(await products('&group=2')).toMatchObject({
      items: [{ id: 'a', article: 'A-1', picture: 'import_files/ab/a.jpg', prices: [{ amount: '10.5' }] }],
    })
    expect((await products('')).items[2]).toMatchObject({
      id: 'b',
      variants: 2,
      prices: [{ amount: '6.5' }],
      stocks: [{ quantity: '4' }, { quantity: '4' }],
    })
    const { body } = await admin.get<{ product: CatalogItem }>(`${paths.catalogProduct('main', 'a')}?source=${source}`)
    expect(body.product).toMatchObject({
      properties: [{ name: 'Colour', values: ['red'] }],
      offers: [
        { id: 'a', stocks: [{ warehouse: 'Store', quantity: '4' }] },
        { id: 'a#v', prices: [{ amount: '11' }] },
      ],
    })
    const picture = async (path: string) => await admin.request('GET', paths.catalogPicture('main', 'a', { source, path }))
    const shown = await picture('import_files/ab/a.jpg')
    expect([shown.status, shown.text, shown.headers.get('content-type')]).toEqual([200, 'a photo', 'image/jpeg'])
    expect(shown.headers.get('content-security-policy')).toContain('sandbox')
    // What can hold scripts is no picture here, and what no product names is not looked for.
    expect((await picture('b.svg')).status).toBe(404)
    expect((await picture('import.xml')).status).toBe(404)
    expect((await admin.get(`${paths.catalogProduct('main', 'gone')}?source=${source}`)).status).toBe(404)
  })
})
