import { describe, expect, it } from 'vitest'
import type { TargetTransaction } from '../../server/targets/target.ts'
import { author, beginOn, book, bookTags, column, inTransaction, openWithTables, rowsOf, table } from './target-subject.ts'
import type { Subject } from './target-subject.ts'

const columns = ['id', 'title', 'author_id']

/** Foreign keys, links and look-ups: what rows have to do with each other. */
export function describeReferences(subject: Subject): void {
  describe('references', () => {
    it('may lead to rows that come later', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns, key: ['id'], rows: [[1, 'a', 9]] })
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [[9, 'Anna']] })
        expect(await transaction.danglingReferences(10)).toEqual([])
      })
      expect(await rowsOf(target, book)).toEqual([[1, 'a', 9]])
    })

    it('are found among thousands that lead somewhere', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      const authors = Array.from({ length: 600 }, (_, at) => [at + 1, `author ${at}`])
      const books = Array.from({ length: 2000 }, (_, at) => [at + 1, 'book', at === 77 ? 4040 : (at % 600) + 1])
      await transaction.write({ table: author, columns: ['id', 'name'], rows: authors })
      await transaction.write({ table: book, columns: ['id', 'title', 'author_id'], rows: books })
      expect(await transaction.danglingReferences(10)).toMatchObject([{ key: [78], values: [4040] }])
      await transaction.rollback()
    })

    it('that lead nowhere are told, each with its row, up to a limit, and the transaction goes on', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 'a', 7],
          [2, 'b', null],
          [3, 'c', 8],
        ]
        await transaction.write({ table: book, columns, key: ['id'], rows })
        const references = { table: 'author', columns: ['id'] }
        const found = await transaction.danglingReferences(10)
        expect(found.toSorted((a, b) => Number(a.key[0]) - Number(b.key[0]))).toEqual([
          { table: 'book', key: [1], columns: ['author_id'], values: [7], references },
          { table: 'book', key: [3], columns: ['author_id'], values: [8], references },
        ])
        expect(await transaction.danglingReferences(1)).toHaveLength(1)
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[7, 'Anna']] })
        expect(await transaction.danglingReferences(10)).toHaveLength(1)
        await transaction.write({ table: book, columns: ['id', 'author_id'], key: ['id'], rows: [[3, null]] })
        expect(await transaction.danglingReferences(10)).toEqual([])
      })
      expect(await rowsOf(target, book)).toHaveLength(3)
    })

    it('that lead nowhere are refused by the commit, and nothing of the transaction stays', async () => {
      const target = await openWithTables(subject())
      const before = await subject().dump()
      const transaction = await beginOn(target)
      await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
      await transaction.write({ table: book, columns, rows: [[5, 'a', 404]] })
      const commit = transaction.commit({ done: true, state: null })
      await expect(commit).rejects.toMatchObject({ code: 'reference_missing', details: { table: 'book', column: 'author_id', value: '404' } })
      await transaction.rollback()
      expect(await subject().dump()).toBe(before)
    })

    it('of a savepoint that was undone are not told', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const undone = transaction.savepoint(async () => {
          await transaction.write({ table: book, columns, rows: [[1, 'a', 404]] })
          throw new Error('undo')
        })
        await expect(undone).rejects.toThrow('undo')
        await transaction.write({ table: book, columns, rows: [[2, 'b', null]] })
        expect(await transaction.danglingReferences(10)).toEqual([])
        const rows = [[3, 'c', 404]]
        await transaction.savepoint(async () => await transaction.write({ table: book, columns, rows }))
        expect(await transaction.danglingReferences(10)).toMatchObject([{ key: [3] }])
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[404, 'Anna']] })
      })
    })

    it('lead nowhere again when the row they led to was undone', async () => {
      const target = await openWithTables(subject())
      const write = async (transaction: TargetTransaction): Promise<void> => {
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [[7, 'Anna']] })
        await transaction.write({ table: book, columns, key: ['id'], rows: [[1, 'a', 7]] })
      }
      const rolledBack = await beginOn(target)
      await write(rolledBack)
      await rolledBack.rollback()
      const transaction = await beginOn(target)
      const undone = transaction.savepoint(async () => {
        await write(transaction)
        throw new Error('undo')
      })
      await expect(undone).rejects.toThrow('undo')
      await transaction.write({ table: book, columns, key: ['id'], rows: [[2, 'b', 7]] })
      expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [2], values: [7] }])
      await transaction.rollback()
    })

    it('may lead to the row itself and to rows of the same table', async () => {
      const node = table('node', [column('id', 'integer'), column('parent_id', 'integer', { nullable: true })], {
        foreignKeys: [{ columns: ['parent_id'], table: 'node', references: ['id'] }],
      })
      const target = await openWithTables(subject(), [node])
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 1],
          [2, 3],
          [3, 1],
          [4, 5],
        ]
        await transaction.write({ table: node, columns: ['id', 'parent_id'], key: ['id'], rows })
        expect(await transaction.danglingReferences(10)).toMatchObject([{ key: [4], values: [5] }])
        await transaction.write({ table: node, columns: ['id', 'parent_id'], key: ['id'], rows: [[4, 3]] })
      })
      expect(await rowsOf(target, node)).toHaveLength(4)
    })

    it('of several columns are whole or none', async () => {
      const place = table('place', [column('country', 'text'), column('city', 'text')], { primaryKey: ['country', 'city'] })
      const shop = table(
        'shop',
        [column('id', 'integer'), column('country', 'text', { nullable: true }), column('city', 'text', { nullable: true })],
        { foreignKeys: [{ columns: ['country', 'city'], table: 'place', references: ['country', 'city'] }] },
      )
      const target = await openWithTables(subject(), [place, shop])
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: place, columns: ['country', 'city'], rows: [['fr', 'Paris']] })
        const rows = [
          [1, 'fr', 'Paris'],
          [2, 'fr', null],
          [3, 'us', 'Paris'],
        ]
        await transaction.write({ table: shop, columns: ['id', 'country', 'city'], key: ['id'], rows })
        expect(await transaction.danglingReferences(10)).toEqual([
          {
            table: 'shop',
            key: [3],
            columns: ['country', 'city'],
            values: ['us', 'Paris'],
            references: { table: 'place', columns: ['country', 'city'] },
          },
        ])
        await transaction.write({ table: place, columns: ['country', 'city'], rows: [['us', 'Paris']] })
        await transaction.write({ table: shop, columns: ['id', 'city'], key: ['id'], rows: [[1, 'Lyon']] })
        expect(await transaction.danglingReferences(10)).toMatchObject([{ key: [1], values: ['fr', 'Lyon'] }])
        await transaction.write({ table: shop, columns: ['id', 'city'], key: ['id'], rows: [[1, null]] })
      })
    })

    it('left behind by a changed key are found', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
        await transaction.write({ table: book, columns, rows: [[1, 'a', 1]] })
      })
      const transaction = await beginOn(target)
      await transaction.write({ table: book, columns, rows: [[2, 'b', 1]] })
      await transaction.write({ table: author, columns: ['id', 'name'], key: ['name'], rows: [[2, 'Anna']] })
      await transaction.write({ table: book, columns: ['id', 'author_id'], key: ['id'], rows: [[1, 2]] })
      await transaction.write({ table: book, columns, rows: [[3, 'c', 1]] })
      expect((await transaction.danglingReferences(5)).map(({ key }) => key)).toEqual(expect.arrayContaining([[2], [3]]))
      await expect(transaction.commit({ done: true, state: null })).rejects.toMatchObject({ code: 'reference_missing' })
      await transaction.rollback()
    })
  })

  describe('links', () => {
    const tags = async (target: Parameters<typeof rowsOf>[0]): Promise<unknown[][]> => await rowsOf(target, bookTags)
    const link = (links: { owner: number; others: string[] }[]) => ({ table: bookTags, owner: 'book_id', other: 'tag', links })

    it('are made what is given: too many go, missing ones come, the rest keeps its rows', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const rows = [1, 2, 3].map((id) => [id, 'book', null])
        await transaction.write({ table: book, columns, rows })
        await transaction.link(
          link([
            { owner: 1, others: ['red', 'green'] },
            { owner: 2, others: ['red'] },
            { owner: 3, others: ['red'] },
          ]),
        )
      })
      await inTransaction(target, async (transaction) => {
        await transaction.link(
          link([
            { owner: 1, others: ['blue', 'green', 'blue'] },
            { owner: 2, others: [] },
          ]),
        )
      })
      expect(await tags(target)).toEqual([
        [2, 1, 'green'],
        [4, 3, 'red'],
        [5, 1, 'blue'],
      ])
    })

    it('of new owners come in beside those of others, whose keys lie around and between them', async () => {
      const target = await openWithTables(subject())
      const give = async (owners: number[], other: string): Promise<void> =>
        await inTransaction(target, async (transaction) => {
          await transaction.write({ table: book, columns, key: ['id'], rows: owners.map((id) => [id, 'book', null]) })
          await transaction.link(link(owners.map((owner) => ({ owner, others: [other] }))))
        })
      await give([2, 9], 'first')
      await give([4, 6], 'second')
      await give([1, 5, 6, 10], 'third')
      expect((await tags(target)).map((row) => row.slice(1))).toEqual([
        [2, 'first'],
        [9, 'first'],
        [4, 'second'],
        [1, 'third'],
        [5, 'third'],
        [6, 'third'],
        [10, 'third'],
      ])
    })

    it('are written in the order given, once each', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({
          table: book,
          columns,
          rows: [
            [1, 'a', null],
            [2, 'b', null],
          ],
        })
        await transaction.link(
          link([
            { owner: 2, others: ['z', 'a', 'z'] },
            { owner: 1, others: ['m'] },
          ]),
        )
      })
      expect(await tags(target)).toEqual([
        [1, 2, 'z'],
        [2, 2, 'a'],
        [3, 1, 'm'],
      ])
    })

    it('follow the last word on an owner', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns, rows: [[1, 'a', null]] })
        await transaction.link(
          link([
            { owner: 1, others: ['old'] },
            { owner: 1, others: ['new'] },
          ]),
        )
      })
      expect((await tags(target)).map((row) => row.slice(1))).toEqual([[1, 'new']])
    })

    it('to an owner that is not there are found', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      await transaction.link(link([{ owner: 404, others: ['a'] }]))
      expect(await transaction.danglingReferences(10)).toMatchObject([{ table: 'book_tags', values: [404] }])
      await transaction.rollback()
    })
  })

  describe('look-ups', () => {
    it('answer each key with its row or null, in their order', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 'Anna', 5],
          [2, 'Boris', null],
        ]
        await transaction.write({ table: author, columns: ['id', 'name', 'rank'], rows })
        const keys = [['Boris'], ['nobody'], ['Anna'], ['Boris'], [null]]
        expect(await transaction.find({ table: author, by: ['name'], keys, select: ['id', 'rank'] })).toEqual([
          [2, null],
          null,
          [1, 5],
          [2, null],
          null,
        ])
      })
    })

    it('see what the transaction wrote', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      await transaction.write({ table: author, columns: ['id', 'name'], rows: [[3, 'Clara']] })
      expect(
        await transaction.find({
          table: author,
          by: ['id', 'name'],
          keys: [
            [3, 'Clara'],
            [3, 'Anna'],
          ],
          select: ['name'],
        }),
      ).toEqual([['Clara'], null])
      await transaction.rollback()
    })

    it('refuse to choose between several rows', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['title'], rows: [['a'], ['b'], ['b']] })
        const find = async (title: string): Promise<unknown> =>
          await transaction.find({ table: book, by: ['title'], keys: [[title]], select: ['id'] })
        await expect(find('b')).rejects.toMatchObject({ code: 'conflict', details: { table: 'book', value: 'b' } })
        expect(await find('a')).toEqual([[1]])
      })
    })

    it('answer each key with all its rows', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['title'], rows: [['a'], ['b'], ['b']] })
        const lists = await transaction.findAll({ table: book, by: ['title'], keys: [['b'], ['nothing'], ['a'], ['b'], [null]], select: ['id'] })
        expect(lists.map((list) => list.flat().toSorted((a, b) => Number(a) - Number(b)))).toEqual([[2, 3], [], [1], [2, 3], []])
      })
      const looked = await target.look({ table: book, by: ['title'], keys: [['b'], ['nothing']], select: ['id'] })
      expect(looked.map((list) => list.flat().toSorted((a, b) => Number(a) - Number(b)))).toEqual([[2, 3], []])
    })

    it('do not find what can not be in the column', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        expect(await transaction.findAll({ table: author, by: ['id'], keys: [['Anna']], select: ['id'] })).toEqual([[]])
        expect(await transaction.find({ table: author, by: ['id'], keys: [['Anna']], select: ['id'] })).toEqual([null])
      })
    })
  })
}
