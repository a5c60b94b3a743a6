import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../../server/errors.ts'
import { KeepingContext } from '../../support/job-context.ts'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { Killed, cutTarget } from '../restore/faulty-target.ts'
import type { Cut } from '../restore/faulty-target.ts'
import { takeOver } from './run-commerce.ts'
import type { Taken } from './run-commerce.ts'
import { catalog, commerceFile, offer, offers, price, prices, product } from './xml.ts'

/** More than the records of one commit, a bad one in the middle, and an offer of nothing. */
const many = 11_000
const bad = '<Товар><Наименование>nobody</Наименование></Товар>'
const goods = Array.from({ length: many }, (_, at) => product(`p${at}`, '<Группы><Ид>g</Ид></Группы>') + (at === 5000 ? bad : ''))
const files = [
  commerceFile('import.xml', catalog(goods.join(''))),
  commerceFile(
    'offers.xml',
    offers(
      Array.from({ length: 3000 }, (_, at) => offer(`p${at}`, prices(price('t', `${at}.5`)))).join('') +
        '<Предложение><Ид>n</Ид><Цены/></Предложение>',
    ),
  ),
]
const types = ['catalog', 'prices']

async function contents(database: TestDatabase): Promise<unknown> {
  const ask = async (sql: string) => (await database.query(sql))[0]?.map(String)
  return await Promise.all([
    ask('SELECT count(*), count(DISTINCT id), sum(length(id)) FROM commerce_products'),
    ask('SELECT count(*) FROM commerce_product_groups'),
    ask('SELECT count(*) FROM commerce_offers'),
    ask('SELECT count(*), CAST(sum(price) AS integer) FROM commerce_prices'),
    ask('SELECT count(*) FROM commerce_pending'),
    ask('SELECT products, offers FROM commerce_sources'),
  ])
}

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`An import from 1C into ${dialect.name} that was killed`, () => {
    let databases: Databases
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())

    let whole: Promise<{ taken: Taken; contents: unknown }> | null = null
    /** What a run comes to that nobody kills: the same for each cut. */
    const uncut = async () => {
      const database = await databases.create()
      const taken = await takeOver(database, files, { types })
      return { taken, contents: await contents(database) }
    }

    const cuts: Cut[] = [
      { at: 'write', number: 1 },
      { at: 'before commit', number: 2 },
      { at: 'after commit', number: 1 },
      { at: 'write', number: 12 },
      { at: 'after commit', number: 3 },
      { at: 'before commit', number: 4 },
      { at: 'after commit', number: 4 },
    ]
    it.each(cuts)('$at $number, ends as one that was not', async (cut) => {
      whole ??= uncut()
      const { taken: expected, contents: expectedContents } = await whole
      expect(expected.outcome).toMatchObject({
        status: 'partly_failed',
        ledger: { total: many + 1 + 3000 + 3001, succeeded: many + 6000, failed: 1, skipped: 1, notReached: 0 },
      })
      const database = await databases.create()
      const context = new KeepingContext()
      const run = { types, context, importId: 'commerce_killed' }
      await expect(takeOver(database, files, { ...run, wrap: (target) => cutTarget(target, cut) })).rejects.toThrow(Killed)
      const { outcome, entities } = await takeOver(database, files, { ...run, attempt: 2 })
      expect(outcome).toEqual(expected.outcome)
      expect(entities).toEqual(expected.entities)
      expect(context.rejected).toHaveLength(1)
      expect(await contents(database)).toEqual(expectedContents)
    })

    it('by a person keeps what was committed, and says how far it came', async () => {
      const database = await databases.create()
      const context = new KeepingContext()
      context.onProgress = ({ step, done }) => {
        if (step?.name === 'catalog' && done >= 10_000) context.abort.abort(new AppError('cancelled', 'Enough.'))
      }
      const { outcome } = await takeOver(database, files, { types, context })
      expect(outcome).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } })
      const { total, succeeded, failed, skipped, notReached } = outcome.ledger
      expect(succeeded + failed + skipped + (notReached ?? 0)).toBe(total)
      expect((await database.query('SELECT count(*) FROM commerce_products')).map(String)).toEqual([String(succeeded)])
    })
  })
}
