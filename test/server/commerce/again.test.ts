import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver, writtenBy } from './run-commerce.ts'
import { catalog, commerceFile, offer, offers, price, prices, product } from './xml.ts'

const same = 'The content is the same as in the last run'
const unit = '<БазоваяЕдиница Код="796">шт</БазоваяЕдиница>'
const inner = catalog(product('a', unit) + product('b', unit, ' Статус="Удален"')) + offers(offer('a', prices(price('t', '1'), price('u', '2'))))

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`The same export of 1C once more, into ${dialect.name},`, () => {
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

    const options = { guard: false }
    const take = async (text = inner, version = '2.08') => await takeOver(database, [commerceFile('1.xml', text, version)], { options })

    it('is known by its content, whatever its first tag says, and told as if it had been compared', async () => {
      const first = await take()
      const again = await take(inner, '2.07')
      expect(again.context.text).toContain(same)
      expect([again.outcome, writtenBy(again)]).toEqual([first.outcome, 0])
      await database.run('UPDATE commerce_sources SET last_run = NULL')
      const compared = await take()
      expect(compared.context.text).not.toContain(same)
      expect(compared.entities).toEqual(again.entities)
      expect(compared.outcome).toEqual(again.outcome)
    })

    it('leaves what was changed by hand, and puts it right when every row is to be compared', async () => {
      await take()
      await database.run(`UPDATE commerce_prices SET price = 9 WHERE price_type_id = 't'`)
      const price = async () => String((await database.query(`SELECT price FROM commerce_prices WHERE price_type_id = 't'`))[0]?.[0])
      expect((await take()).context.text).toContain(same)
      expect(await price()).toMatch(/^9/)
      const compared = await takeOver(database, [commerceFile('1.xml', inner)], { options: { ...options, compare: 'always' } })
      expect(compared.entities['prices']).toMatchObject({ changed: 1, unchanged: 1 })
      expect(await price()).toMatch(/^1/)
    })

    it('is looked at when something else came in between, or rows have gone', async () => {
      await take()
      await take(offers(offer('a', prices(price('t', '1.1')))))
      expect((await take()).entities['prices']).toMatchObject({ changed: 1, unchanged: 1 })
      await database.run(`DELETE FROM commerce_prices WHERE price_type_id = 't'`)
      expect((await take()).entities['prices']).toMatchObject({ created: 1, unchanged: 1 })
    })
  })
}
