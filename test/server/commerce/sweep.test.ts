import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JobFile } from '../../../server/jobs/importer.ts'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver } from './run-commerce.ts'
import { catalog, commerceFile, offer, offers, price, prices, product } from './xml.ts'

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => at + from)
const goods = (ids: number[], onlyChanges = 'false') => catalog(ids.map((at) => product(`p${at}`)).join(''), onlyChanges)
const packet = (ids: string[], onlyChanges = 'true') =>
  offers(ids.map((id) => offer(id, prices(price('t', '10')))).join('')).replaceAll('"true"', `"${onlyChanges}"`)
const all = range(20)
const ownOffers = all.map((at) => `p${at}`)

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`Switching off what 1C no longer brings, in ${dialect.name}`, () => {
    let databases: Databases
    let database: TestDatabase
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    beforeEach(async () => {
      database = await databases.create()
      await takeOver(database, [commerceFile('import.xml', goods(all) + packet([...ownOffers, 'p1#blue']))])
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())

    const sweep = async (files: JobFile[], options: Record<string, unknown> = {}) =>
      await takeOver(database, files, { types: ['catalog'], options: { sweep: ['commerce_1'], ...options } })
    const gone = async () => {
      const marked = (table: string) => `SELECT id FROM ${table} WHERE deleted_at IS NOT NULL`
      const rows = await database.query(`${marked('commerce_products')} UNION ALL ${marked('commerce_offers')}`)
      return rows.map(([id]) => String(id)).toSorted()
    }
    const goodsRows = async () => [
      await database.query('SELECT * FROM commerce_products ORDER BY id'),
      await database.query('SELECT * FROM commerce_offers ORDER BY id'),
    ]

    it('marks the products that no full catalog has, with their offers, and nothing twice', async () => {
      const files = [commerceFile('import.xml', goods(range(10))), commerceFile('import2.xml', goods(range(8, 10)))]
      const first = await sweep(files)
      expect(first.outcome).toEqual({ status: 'succeeded', ledger: { total: 4, succeeded: 4, failed: 0, skipped: 0, notReached: 0 } })
      expect(first.entities).toMatchObject({ products: { deleted: 2 }, offers: { deleted: 2 } })
      expect(await gone()).toEqual(['p18', 'p18', 'p19', 'p19'])
      expect((await database.query('SELECT products, offers FROM commerce_sources')).map((row) => row.map(Number))).toEqual([[18, 19]])
      const rows = await goodsRows()
      expect((await sweep(files)).outcome.ledger).toMatchObject({ total: 0, succeeded: 0 })
      expect(await goodsRows()).toEqual(rows)
      // Who is brought again is there again, although the file is one that was imported before.
      await takeOver(database, [commerceFile('import.xml', goods(all) + packet([...ownOffers, 'p1#blue']))])
      expect(await gone()).toEqual([])
    })

    it('keeps what was seen in any way: as an offer, or in a record that is refused', async () => {
      const refused = '<Товар><Ид>p18</Ид><Наименование>x</Наименование><Ширина>wide</Ширина></Товар>'
      const files = [
        commerceFile('import.xml', goods(range(18)).replace('</Товары>', `${refused}</Товары>`)),
        commerceFile('offers.xml', packet(['p19#red'])),
      ]
      expect((await sweep(files)).outcome.ledger).toMatchObject({ total: 0 })
      expect(await gone()).toEqual([])
    })

    it('marks offers alone where their package is full as well', async () => {
      const files = (onlyChanges: string) => [commerceFile('import.xml', goods(all) + packet(ownOffers, onlyChanges))]
      expect((await sweep(files('true'))).outcome.ledger).toMatchObject({ total: 0 })
      expect((await sweep(files('false'))).entities).toMatchObject({ offers: { deleted: 1 } })
      expect(await gone()).toEqual(['p1#blue'])
    })

    it('leaves other catalogs and other 1C databases alone', async () => {
      const other = goods(range(5, 100)).replaceAll('c1', 'c2')
      await takeOver(database, [commerceFile('import.xml', other)])
      await takeOver(database, [commerceFile('import.xml', goods(range(5, 200)))], { options: { source: 'other' } })
      expect((await sweep([commerceFile('import.xml', goods(all) + packet(ownOffers))])).outcome.ledger).toMatchObject({ total: 0 })
      expect(await gone()).toEqual([])
    })

    it.each([
      ['changes alone', [goods(range(19), 'true')]],
      ['a full part and one of changes', [goods(range(10)), goods(range(9, 10), 'true')]],
      ['a catalog that does not say it', [goods(range(19)).replace(' СодержитТолькоИзменения="false"', '')]],
    ])('does nothing after %s', async (_, parts) => {
      const { outcome, context } = await sweep(parts.map((inner, at) => commerceFile(`import${at}.xml`, inner)))
      expect(outcome).toMatchObject({ status: 'succeeded', ledger: { total: 0 } })
      expect(context.text).toContain('None of the catalogs was a full one')
      expect(await gone()).toEqual([])
    })

    it('asks a person when more than a tenth would go, and does it when that is confirmed', async () => {
      const files = [commerceFile('import.xml', goods(range(17)))]
      const { question } = await sweep(files)
      expect(question?.figures).toEqual({ removed: 3, products: 20, removedOffers: 3, offers: 21 })
      expect(question?.message).toContain('3 products of 20 would be marked as deleted, more than 10 %.')
      expect(await gone()).toEqual([])
      expect((await sweep(files, { confirmed: true })).outcome.ledger).toMatchObject({ succeeded: 6 })
      expect(await gone()).toHaveLength(6)
    })

    it('refuses when goods have no Ид: nobody knows then what is missing', async () => {
      const files = [commerceFile('import.xml', goods(range(19)).replace('<Ид>p3</Ид>', ''))]
      expect((await sweep(files)).outcome).toMatchObject({ status: 'failed', error: { code: 'record_invalid' } })
      expect(await gone()).toEqual([])
    })
  })
}
