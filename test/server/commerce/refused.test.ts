import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver } from './run-commerce.ts'
import { catalog, commerceFile, product } from './xml.ts'

/** Makes the target refuse one article. */
const refuse = {
  SQLite: `CREATE TRIGGER refuse BEFORE INSERT ON commerce_products WHEN NEW.article = 'bad' BEGIN SELECT RAISE(ABORT, 'not this one'); END`,
  PostgreSQL: `ALTER TABLE commerce_products ADD CONSTRAINT refuse CHECK (article <> 'bad')`,
}

const article = (text: string) => `<Артикул>${text}</Артикул>`

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`An import from 1C into ${dialect.name}`, () => {
    let databases: Databases
    let database: TestDatabase
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    beforeEach(async () => {
      database = await databases.create()
      await takeOver(database, [commerceFile('1.xml', catalog(product('a', article('first'))))])
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())

    it('keeps of a record that the target refuses what it holds, and takes the others', async () => {
      await database.run(refuse[dialect.name])
      const goods = ['b', 'c', 'd', 'e'].map((id) => product(id, article(id === 'c' || id === 'e' ? 'bad' : 'good')))
      const { outcome, context } = await takeOver(database, [commerceFile('2.xml', catalog(goods.join('\n')))])
      expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 2, failed: 2 } })
      expect(context.rejected.map(({ key, record, line }) => [key, record, line])).toEqual([
        ['c', 2, 5],
        ['e', 4, 7],
      ])
      for (const { key, content } of context.rejected) expect(content).toContain(`<Ид>${key}</Ид>`)
    })

    it('finds rows that are there although nothing says that the source has any', async () => {
      await database.run('DELETE FROM commerce_sources')
      const { outcome } = await takeOver(database, [commerceFile('2.xml', catalog(product('b') + product('a', article('second'))))])
      expect(outcome).toMatchObject({ status: 'succeeded', ledger: { succeeded: 2 } })
      expect(await database.query('SELECT id, article FROM commerce_products ORDER BY id')).toEqual([
        ['a', 'second'],
        ['b', null],
      ])
    })
  })
}
