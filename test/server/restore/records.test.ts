import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { Databases, dialects } from './databases.ts'
import { restoreInto } from './run-restore.ts'
import { author, book, shop, shopSql, tag } from './shop.ts'
import type { TestDatabase } from './test-database.ts'

/** What one record does to the rows that are there. */
describe.each(dialects.filter(({ available }) => available))('on $name, a record', ({ name }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const open = async (...records: unknown[]): Promise<TestDatabase> => {
    const database = await databases.create(shopSql(name))
    if (records.length > 0) await succeed(database, ...records)
    return database
  }
  const succeed = async (database: TestDatabase, ...records: unknown[]): Promise<void> => {
    const { outcome, context } = await restoreInto(database, [shop(...records)])
    expect(outcome, context.text).toMatchObject({ status: 'succeeded', ledger: { total: records.length, succeeded: records.length } })
  }
  const authors = async (database: TestDatabase): Promise<unknown[][]> =>
    await database.query('SELECT id, name, rank, motto, score FROM shop_author ORDER BY id')
  const links = async (database: TestDatabase): Promise<unknown[][]> =>
    await database.query('SELECT book_id, tag_id FROM shop_book_tags ORDER BY 1, 2')

  it('with a key replaces the row that has it, and leaves the others', async () => {
    const database = await open(author(5, 'Anna'), author(6, 'Boris'))
    await succeed(database, author(5, 'Anna K.', { rank: 3 }))
    expect(await authors(database)).toEqual([
      [5, 'Anna K.', 3, '', 7],
      [6, 'Boris', null, '', 7],
    ])
  })

  it('with a key as text is the one with the key as number', async () => {
    const database = await open(author(5, 'Anna'))
    await succeed(database, author('5', 'Anna K.'))
    expect(await authors(database)).toEqual([[5, 'Anna K.', null, '', 7]])
  })

  it('with the key null is a new row each time, numbered in the order of the file', async () => {
    const database = await open(tag(null, 'a'), tag(7, 'seven'), tag(null, 'b'))
    await succeed(database, tag(null, 'a'))
    expect(await database.query('SELECT id, name FROM shop_tag ORDER BY id')).toEqual([
      [1, 'a'],
      [7, 'seven'],
      [8, 'b'],
      [9, 'a'],
    ])
  })

  it('without a key is matched by a unique one, and the row keeps its number', async () => {
    const database = await open(author(41, 'Anna', { rank: 1 }))
    const fields = (named: string, rank: number): object => ({ model: 'shop.author', fields: { name: named, motto: 'x', rank } })
    await succeed(database, fields('Boris', 2), fields('Anna', 3), fields('Boris', 4))
    expect(await authors(database)).toEqual([
      [41, 'Anna', 3, 'x', 7],
      [42, 'Boris', 4, 'x', 7],
    ])
  })

  it('that comes twice has its last form, also when the forms have different fields', async () => {
    const database = await open(author(1, 'one', { rank: 1 }), author(2, 'two'), author(2, 'due', { rank: 2 }), author(1, 'uno'))
    expect(await authors(database)).toEqual([
      [1, 'uno', null, '', 7],
      [2, 'due', 2, '', 7],
    ])
  })

  it('that lacks a field resets it: to the default, else NULL, else an empty text', async () => {
    const database = await open(author(1, 'Anna', { rank: 1, motto: 'semper', score: 50 }))
    await succeed(database, { model: 'shop.author', pk: 1, fields: { name: 'Anna' } })
    expect(await authors(database)).toEqual([[1, 'Anna', null, '', 7]])
  })

  it('that lacks a field which has no default keeps what is there, and is refused when it is new', async () => {
    const database = await open(author(1, 'Anna'), book(1, 'old', { pages: 321 }))
    const lacking = (pk: number): object => ({ model: 'shop.book', pk, fields: { title: 'new', author: 1 } })
    await succeed(database, lacking(1))
    expect(await database.query('SELECT title, pages FROM shop_book')).toEqual([['new', 321]])
    const { outcome } = await restoreInto(database, [shop(lacking(2))])
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        code: 'not_null_violation',
        message: expect.stringMatching(/shop\.book 2 .*no field for column "pages".*Django keeps defaults in its models/) as string,
      },
    })
  })

  it('has its links set, kept without the field, removed by an empty list', async () => {
    const database = await open(
      author(1, 'Anna'),
      tag(1, 'a'),
      tag(2, 'b'),
      tag(3, 'c'),
      book(1, 'x', { tags: [1, 2, 2, '1'] }),
      book(2, 'y', { tags: [3] }),
    )
    expect(await links(database)).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
    ])
    await succeed(database, book(1, 'x', { tags: [2, 3] }), book(2, 'y'))
    expect(await links(database)).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ])
    await succeed(database, book(1, 'x', { tags: [] }))
    expect(await links(database)).toEqual([[2, 3]])
  })

  it.each([null, 3, 'a', [null]])('whose links are %j is refused', async (tags) => {
    const database = await open(author(1, 'Anna'))
    const { outcome, context } = await restoreInto(database, [shop(book(1, 'x', { tags }))])
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'value_invalid', message: expect.stringContaining('"tags" is many-to-many') as string },
    })
    expect(context.rejected).toMatchObject([{ file: 'shop.json', record: 1, model: 'shop.book', key: '1', code: 'value_invalid' }])
  })

  it('that is new and has links but no key gets them all the same', async () => {
    const database = await open(author(1, 'Anna'), tag(1, 'a'), book(null, 'first', { tags: [1] }), book(null, 'second', { tags: [1] }))
    expect(await links(database)).toEqual([
      [1, 1],
      [2, 1],
    ])
    const { outcome } = await restoreInto(database, [shop(book(null, 'first', { tags: [1] }))])
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'conflict' } })
  })

  it('may refer to rows that come later', async () => {
    const database = await open(book(1, 'x', { author: 9, sequel: 2, tags: [4] }), book(2, 'y', { author: 9 }), tag(4, 'd'), author(9, 'Anna'))
    expect(await database.query('SELECT id, author_id, sequel_id FROM shop_book ORDER BY id')).toEqual([
      [1, 9, 2],
      [2, 9, null],
    ])
  })

  it('leaves the database counting on behind it', async () => {
    const database = await open(tag(500, 'a'))
    await database.run(`INSERT INTO shop_tag (name) VALUES ('next')`)
    expect(await database.query(`SELECT id FROM shop_tag WHERE name = 'next'`)).toEqual([[501]])
  })
})
