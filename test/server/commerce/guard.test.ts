import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { commerceIntake } from '../../../server/importers/commerce/intake.ts'
import { movedFar } from '../../../server/importers/commerce/check/moved-far.ts'
import { Databases, dialects } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver } from './run-commerce.ts'
import { carrier, catalog, commerceFile, offer, offers, price, prices, product } from './xml.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const goods = (count: number, deleted = 0) =>
  catalog(
    range(count)
      .map((at) => product(`p${at}`, '', at < deleted ? ' Статус="Удален"' : ''))
      .join(''),
  )
const packet = (count: number, amount: (at: number) => string) =>
  offers(
    range(count)
      .map((at) => carrier(`p${at}`, prices(price('t', amount(at)))))
      .join(''),
  )

for (const dialect of dialects) {
  describe.skipIf(!dialect.available)(`Before it writes, an import from 1C into ${dialect.name}`, () => {
    let databases: Databases
    let database: TestDatabase
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    beforeEach(async () => {
      database = await databases.create()
      const own = offers(
        range(20)
          .map((at) => offer(`p${at}`, prices(price('t', '100'))))
          .join(''),
      )
      await takeOver(database, [commerceFile('first.xml', goods(20) + own)])
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())
    const run = async (inner: string, options: Record<string, unknown> = {}, types?: string[]) =>
      await takeOver(database, [commerceFile('next.xml', inner)], { options, ...(types && { types }) })

    it('asks when more than a tenth of the products would go, and writes nothing', async () => {
      const before = await database.rows()
      const { question } = await run(goods(20, 3))
      expect(question).toEqual({
        message: '3 products of 20 would be marked as deleted, more than 10 %. Is that meant? Nothing was written yet.',
        figures: { removed: 3, products: 20, movedFar: 0, prices: 0 },
      })
      const { intake_checkpoint: _, ...after } = await database.rows()
      const { intake_checkpoint: __, ...rest } = before
      expect(after).toEqual(rest)
    })

    it('lets a tenth of the products go', async () => {
      expect((await run(goods(20, 2))).outcome.status).toBe('succeeded')
      // Of the 18 that are left.
      expect((await run(catalog(product('p2', '', ' Статус="Удален"') + product('p3', '', ' Статус="Удален"')))).question?.figures).toMatchObject({
        removed: 2,
        products: 18,
      })
    })

    it('asks when more than one price in twenty moves by more than 30 percent', async () => {
      const { question } = await run(
        packet(20, (at) => (at < 2 ? '130.01' : '100')),
        {},
        ['prices'],
      )
      expect(question?.figures).toMatchObject({ movedFar: 2, prices: 20 })
      expect(
        (
          await run(
            packet(20, (at) => (at === 0 ? '1000' : '130')),
            {},
            ['prices'],
          )
        ).outcome.status,
      ).toBe('succeeded')
    })

    it('asks about what was chosen alone', async () => {
      expect((await run(goods(20, 10), {}, ['prices'])).outcome.status).toBe('succeeded')
      expect(
        (
          await run(
            packet(20, () => '500'),
            {},
            ['stocks'],
          )
        ).outcome.status,
      ).toBe('succeeded')
    })

    it.each([
      ['a person has let it go on', { confirmed: true }],
      ['it was told not to ask', { guard: false }],
      ['the limits are wider', { limits: { removed: 60 } }],
    ])('does not ask when %s', async (_why, options) => {
      expect((await run(goods(20, 10), options)).outcome.status).toBe('succeeded')
    })
  })
}

describe('A price has moved far', () => {
  it.each([
    ['100', '130', false],
    ['100', '130.01', true],
    ['100', '70', false],
    ['100', '69.99', true],
    ['0', '0.01', true],
    ['0', '0', false],
    ['0.1', '0.13', false],
    ['99999999999999.9', '129999999999999.9', true],
  ])('from %s to %s: %s', (before, after, far) => {
    expect(movedFar(before, after, 30)).toBe(far)
  })
})

describe('What the guard lets pass', () => {
  it('is what the server is set to, where a start does not say it', () => {
    const intake = commerceIntake({ removed: 1, moved: 2, by: 3 })
    expect(intake.parseOptions({ types: ['prices'] })).toMatchObject({ limits: { removed: 1, moved: 2, by: 3 } })
    expect(intake.parseOptions({ types: ['prices'], limits: { moved: 50 } })).toMatchObject({ limits: { removed: 1, moved: 50, by: 3 } })
    expect(() => intake.parseOptions({ types: ['prices'], limits: 'none' })).toThrow('limits')
  })
})
