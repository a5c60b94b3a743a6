import { describe, expect, it } from 'vitest'
import { author, beginOn, book, column, inTransaction, openWithTables, outcomeOf, rowsOf, table } from './target-subject.ts'
import type { Cell, TargetTransaction } from '../../server/targets/target.ts'
import type { Subject } from './target-subject.ts'

/** How rows get in: `write` and `savepoint`. */
export function describeWriting(subject: Subject): void {
  describe('writing', () => {
    it('inserts every row when no key is given, and the database numbers them', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['title'], rows: [['a'], ['a'], ['b']] })
        await transaction.write({ table: book, columns: ['title', 'author_id'], rows: [['c', null]] })
      })
      expect(await rowsOf(target, book)).toEqual([
        [1, 'a', null],
        [2, 'a', null],
        [3, 'b', null],
        [4, 'c', null],
      ])
    })

    it('changes a row that has the key in the given columns alone, and inserts the others', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name', 'rank'], key: ['id'], rows: [[7, 'Anna', 50]] })
      })
      await inTransaction(target, async (transaction) => {
        const rows = [
          [7, 'Anna K.'],
          [8, 'Boris'],
        ]
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows })
      })
      expect(await rowsOf(target, author)).toEqual([
        [7, 'Anna K.', 50],
        [8, 'Boris', null],
      ])
    })

    it('lets the last of several rows with one key win, in one batch and over batches', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const write = async (...rows: [number, string][]): Promise<void> =>
          await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows })
        await write([1, 'a'], [2, 'b'], [1, 'c'])
        await write([2, 'd'], [2, 'e'])
      })
      expect(await rowsOf(target, author)).toEqual([
        [1, 'c', null],
        [2, 'e', null],
      ])
    })

    it('takes what all rows have in common once, in keys, in references and where a value is refused', async () => {
      const mark = table('mark', [column('shop', 'text'), column('id', 'integer'), column('name', 'text'), column('at', 'integer')], {
        primaryKey: ['shop', 'id'],
      })
      const target = await openWithTables(subject(), [mark, author, book])
      await inTransaction(target, async (transaction) => {
        const write = async (shop: string, at: number, ...rows: [number, string][]): Promise<void> =>
          await transaction.write({
            table: mark,
            columns: ['id', 'name'],
            key: ['shop', 'id'],
            rows,
            same: { columns: ['shop', 'at'], values: [shop, at] },
          })
        await write('x', 1, [1, 'a'], [2, 'b'], [1, 'c'])
        await write('y', 2, [1, 'd'])
        await write('x', 3, [2, 'e'])
        const same = { columns: ['author_id'], values: [7] }
        await transaction.write({ table: book, columns: ['id', 'title'], key: ['id'], rows: [[1, 'a']], same })
        expect(await transaction.danglingReferences(10)).toMatchObject([{ key: [1], values: [7] }])
        await transaction.write({ table: author, columns: ['id'], key: ['id'], rows: [[7]], same: { columns: ['name'], values: ['Anna'] } })
        const refused = { table: mark, columns: ['id', 'name'], rows: [[9, 'z']], same: { columns: ['shop', 'at'], values: ['x', 'never'] } }
        await expect(transaction.savepoint(async () => await transaction.write(refused))).rejects.toMatchObject({
          code: 'value_invalid',
          details: { table: 'mark', column: 'at', value: 'never' },
        })
      })
      expect((await rowsOf(target, mark)).map(String)).toEqual(['x,1,c,1', 'x,2,e,3', 'y,1,d,2'])
    })

    it('takes several batches as a whole: what one refuses leaves nothing of the others', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const batch = (...rows: [number | string, string][]) => ({ table: author, columns: ['id', 'name'], rows })
        const refused = transaction.writeAll([batch([1, 'a']), batch([2, 'b']), batch(['never', 'c'])])
        await expect(refused).rejects.toMatchObject({ code: 'value_invalid', details: { column: 'id' } })
        await transaction.writeAll([])
        // What was brought before is what is written.
        const brought = [batch([1, 'd']), { table: book, columns: ['id', 'title', 'author_id'], rows: [[3, 'e', 1]] }]
        target.bring?.(brought)
        await transaction.writeAll(brought)
      })
      expect(await rowsOf(target, author)).toEqual([[1, 'd', null]])
      expect((await rowsOf(target, book)).map((row) => row[0])).toEqual([3])
    })

    it('writes batches that were brought while others were written as if they had not been, what is wrong with them included', async () => {
      const target = await openWithTables(subject())
      const rows = (from: number) => Array.from({ length: 4000 }, (_none, row): Cell[] => [from + row, 'x'.repeat(100), 1])
      const ofTitles = { table: book, columns: ['id', 'title'], same: { columns: ['author_id'], values: [null] } }
      const good = [{ table: book, columns: ['id', 'title', 'author_id'], rows: rows(1) }]
      const bad = [{ ...ofTitles, rows: rows(5001).map(([id, title], row): Cell[] => [row === 3900 ? 'never' : id!, title!]) }]
      const missing = [{ table: book, columns: ['id', 'colour'], rows: [[1, 'red']] }]
      const merged = [{ table: author, columns: ['id', 'name'], key: ['id'], rows: [[1, 'a']] }]
      const few = [{ ...ofTitles, rows: [[5000, 1]] }]
      await inTransaction(target, async (transaction) => {
        for (const batches of [good, bad, missing, merged, few]) target.bring?.(batches)
        await transaction.writeAll(good)
        await expect(transaction.writeAll(bad)).rejects.toMatchObject({ code: 'value_invalid', details: { column: 'id', value: 'never', row: 3900 } })
        await expect(transaction.writeAll(missing)).rejects.toMatchObject({ code: 'column_missing' })
        await transaction.writeAll(merged)
        // The same rows in other columns, and with other values that all of them have, are other batches.
        await transaction.writeAll([{ ...few[0]!, columns: ['id', 'author_id'], same: { columns: ['title'], values: ['alone'] } }])
      })
      const { rows: written } = await target.readRows(book, { offset: 3999, limit: 5000 })
      expect(written).toEqual([
        [4000, 'x'.repeat(100), 1],
        [5000, 'alone', 1],
      ])
      expect(await rowsOf(target, author)).toEqual([[1, 'a', null]])
    })

    it('inserts rows that are told to be new, and does not keep two of one key', async () => {
      const target = await openWithTables(subject())
      const write = async (transaction: TargetTransaction, ...rows: [number, string][]): Promise<void> =>
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows, absent: true })
      await inTransaction(target, async (transaction) => {
        await write(transaction, [1, 'a'], [2, 'b'])
        const again = await outcomeOf(transaction.savepoint(async () => await write(transaction, [3, 'c'], [2, 'd'])))
        expect(['done', 'unique_violation']).toContain(again)
        if (again === 'done') await write(transaction, [2, 'b'])
        else await write(transaction, [3, 'c'])
      })
      expect(await rowsOf(target, author)).toEqual([
        [1, 'a', null],
        [2, 'b', null],
        [3, 'c', null],
      ])
    })

    it('takes one key for the same however it is written', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 'a'],
          ['1', 'b'],
          [1n, 'c'],
        ]
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows })
      })
      expect(await rowsOf(target, author)).toEqual([[1, 'c', null]])
    })

    it('finds rows by a unique key as well as by the primary one', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name', 'rank'], rows: [[5, 'Anna', 1]] })
        const rows = [
          ['Anna', 2],
          ['Boris', 3],
        ]
        await transaction.write({ table: author, columns: ['name', 'rank'], key: ['name'], rows })
      })
      const rows = await rowsOf(target, author)
      expect(rows.map(([, name, rank]) => [name, rank])).toEqual(expect.arrayContaining([['Boris', 3]]))
      expect(rows).toContainEqual([5, 'Anna', 2])
      expect(rows).toHaveLength(2)
    })

    it('changes some columns of a row although required ones are not given', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
        const rows = [
          [1, 7],
          [1, 9],
        ]
        await transaction.write({ table: author, columns: ['id', 'rank'], key: ['id'], rows })
      })
      expect(await rowsOf(target, author)).toEqual([[1, 'Anna', 9]])
    })

    it('refuses to insert what lacks a required column', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      const write = transaction.write({ table: author, columns: ['id', 'rank'], key: ['id'], rows: [[1, 7]] })
      await expect(write).rejects.toMatchObject({ code: 'not_null_violation', details: { table: 'author', column: 'name' } })
      await transaction.rollback()
    })

    it('names table, column and row of a value that is missing', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      const rows = [
        [1, 'Anna'],
        [2, null],
      ]
      const write = transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows })
      await expect(write).rejects.toMatchObject({ code: 'not_null_violation', details: { table: 'author', column: 'name', row: 1 } })
      await transaction.rollback()
    })

    it('names the one row at fault among thousands, and writes the others without it', async () => {
      const target = await openWithTables(subject())
      const rows: [number, string | null][] = Array.from({ length: 5400 }, (_, at) => [at + 1, at === 4321 ? null : `author ${at}`])
      await inTransaction(target, async (transaction) => {
        const write = async (some: [number, string | null][]): Promise<void> =>
          await transaction.savepoint(async () => await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: some }))
        await expect(write(rows)).rejects.toMatchObject({ code: 'not_null_violation', details: { table: 'author', column: 'name', row: 4321 } })
        await write(rows.filter(([, name]) => name !== null))
      })
      expect(await subject().values('SELECT count(*) FROM author')).toEqual([expect.toSatisfy((count) => Number(count) === 5399)])
      expect(await subject().values('SELECT name FROM author WHERE id = 5400')).toEqual(['author 5399'])
    })

    it('lets the last of several rows with one key win among thousands', async () => {
      const target = await openWithTables(subject())
      const rows = Array.from({ length: 3000 }, (_, at) => [(at % 1500) + 1, `author ${at}`])
      await inTransaction(target, async (transaction) => await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows }))
      expect(await subject().values('SELECT count(*) FROM author')).toEqual([expect.toSatisfy((count) => Number(count) === 1500)])
      expect(await subject().values('SELECT name FROM author WHERE id IN (1, 1500) ORDER BY id')).toEqual(['author 1500', 'author 2999'])
    })

    it('writes rows that are keys and nothing else', async () => {
      const pair = table('pair', [column('a', 'integer'), column('b', 'text')], { primaryKey: ['a', 'b'] })
      const target = await openWithTables(subject(), [pair])
      await inTransaction(target, async (transaction) => {
        for (let time = 0; time < 2; time += 1) {
          const rows = [
            [1, 'x'],
            [1, 'y'],
            [1, 'x'],
          ]
          await transaction.write({ table: pair, columns: ['a', 'b'], key: ['a', 'b'], rows })
        }
      })
      expect(await rowsOf(target, pair)).toEqual([
        [1, 'x'],
        [1, 'y'],
      ])
    })

    it('takes an empty batch for nothing', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [] })
        await transaction.link({ table: book, owner: 'title', other: 'author_id', links: [] })
        expect(await transaction.find({ table: author, by: ['id'], keys: [], select: ['name'] })).toEqual([])
      })
      expect(await rowsOf(target, author)).toEqual([])
    })

    it('keeps ten thousand rows in the order and with the text they came in', async () => {
      const target = await openWithTables(subject())
      const rows = Array.from({ length: 10_000 }, (_, at) => [at + 1, `Zeile\t${at}\n\\N "quoted" 'so' Ω 🙂\r`, null])
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['id', 'title', 'author_id'], key: ['id'], rows: rows.slice(0, 4000) })
        await transaction.write({ table: book, columns: ['id', 'title', 'author_id'], key: ['id'], rows: rows.slice(3000) })
      })
      const [found] = (await target.readSchema()).filter(({ name }) => name === 'book')
      const page = await target.readRows(found ?? book, { offset: 0, limit: 20_000 })
      expect(page.total).toBe(10_000)
      expect(page.rows).toEqual(rows)
    })

    it('quotes names of tables and columns', async () => {
      const odd = table('Select "1"; --', [column('ID', 'integer'), column('from "x"', 'text'), column('Größe', 'integer')], { primaryKey: ['ID'] })
      const target = await openWithTables(subject(), [odd])
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: odd, columns: ['ID', 'from "x"', 'Größe'], key: ['ID'], rows: [[1, 'a', 2]] })
        expect(await transaction.find({ table: odd, by: ['from "x"'], keys: [['a']], select: ['Größe'] })).toEqual([[2]])
      })
      expect(await rowsOf(target, odd)).toEqual([[1, 'a', 2]])
    })

    it('names table, column and value of a second row with a unique value', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      const rows = [
        [1, 'Anna'],
        [2, 'Anna'],
      ]
      const write = transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows })
      await expect(write).rejects.toMatchObject({ code: 'unique_violation', details: { table: 'author', column: 'name', value: 'Anna', row: 1 } })
      await transaction.rollback()
    })

    it('says that a column is not there', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      const write = transaction.write({ table: author, columns: ['id', 'nome'], rows: [[1, 'Anna']] })
      await expect(write).rejects.toMatchObject({ code: 'column_missing', details: { table: 'author', column: 'nome' } })
      await transaction.rollback()
    })
  })

  describe('a savepoint', () => {
    it('undoes what was written in it when it throws, and nothing else', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
        const refused = transaction.savepoint(async () => {
          await transaction.write({ table: author, columns: ['id', 'name'], rows: [[2, 'Boris']] })
          await transaction.write({ table: author, columns: ['id', 'name'], rows: [[3, 'Anna']] })
        })
        await expect(refused).rejects.toMatchObject({ code: 'unique_violation' })
        expect(await transaction.savepoint(async () => await Promise.resolve('kept'))).toBe('kept')
        await transaction.write({ table: author, columns: ['id', 'name'], rows: [[4, 'Clara']] })
      })
      expect(await rowsOf(target, author)).toEqual([
        [1, 'Anna', null],
        [4, 'Clara', null],
      ])
    })

    it('may stand in another one', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        await transaction.savepoint(async () => {
          await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
          const inner = transaction.savepoint(async () => {
            await transaction.write({ table: author, columns: ['id', 'name'], rows: [[2, 'Boris']] })
            throw new Error('changed my mind')
          })
          await expect(inner).rejects.toThrow('changed my mind')
        })
      })
      expect(await rowsOf(target, author)).toEqual([[1, 'Anna', null]])
    })

    it('is undone as well when its work hides a refusal', async () => {
      const target = await openWithTables(subject())
      await inTransaction(target, async (transaction) => {
        const hidden = transaction.savepoint(async () => {
          await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
          await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] }).catch(() => {})
        })
        await expect(hidden).rejects.toMatchObject({ code: 'wrong_state' })
      })
      expect(await rowsOf(target, author)).toEqual([])
    })
  })

  describe('a refused row', () => {
    it('makes the whole transaction one that can only be rolled back', async () => {
      const target = await openWithTables(subject())
      const transaction = await beginOn(target)
      await transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })
      await expect(transaction.write({ table: author, columns: ['id', 'name'], rows: [[1, 'Anna']] })).rejects.toMatchObject({
        code: 'unique_violation',
      })
      await expect(transaction.write({ table: author, columns: ['id', 'name'], rows: [[2, 'Boris']] })).rejects.toMatchObject({ code: 'wrong_state' })
      await expect(transaction.commit({ done: true, state: null })).rejects.toMatchObject({ code: 'wrong_state' })
      await transaction.rollback()
      expect(await rowsOf(target, author)).toEqual([])
    })
  })
}
