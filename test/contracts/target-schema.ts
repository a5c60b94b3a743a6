import { describe, expect, it } from 'vitest'
import type { Table } from '../../server/targets/target.ts'
import { author, book, bookTags, column, fence, inTransaction, openWithTables, table } from './target-subject.ts'
import type { Subject } from './target-subject.ts'

const everything = table(
  'everything',
  [
    column('id', 'integer', { autoIncrement: true }),
    column('whole', 'integer'),
    column('price', 'decimal', { precision: 8, scale: 3 }),
    column('ratio', 'float', { nullable: true }),
    column('active', 'boolean', { default: 'true' }),
    column('short', 'text', { maxLength: 12 }),
    column('long', 'text', { nullable: true }),
    column('picture', 'bytes', { nullable: true }),
    column('document', 'json', { nullable: true }),
    column('day', 'date', { nullable: true }),
    column('hour', 'time', { nullable: true }),
    column('moment', 'datetime', { nullable: true }),
    column('token', 'uuid', { nullable: true }),
    column('took', 'interval', { nullable: true }),
  ],
  { uniqueKeys: [['short', 'whole'], ['token']] },
)

/** What a target says of itself and of its tables. */
export function describeSchema(subject: Subject): void {
  describe('the schema', () => {
    it('is read as it was made', async () => {
      const target = await openWithTables(subject(), [everything, author, book, bookTags])
      const read = await target.readSchema()
      for (const made of [everything, author, book, bookTags]) {
        const found = read.find(({ name }) => name === made.name)
        expect(found && comparable(found)).toEqual(comparable(made))
      }
      expect(read).toHaveLength(4)
      expect(read.flatMap(({ columns }) => columns).filter(({ sqlType }) => sqlType === '')).toEqual([])
    })

    it('tells defaults, and only those', async () => {
      const target = await openWithTables(subject(), [everything])
      const [read] = await target.readSchema()
      expect(read?.columns.filter((one) => one.default !== null && !one.autoIncrement).map(({ name }) => name)).toEqual(['active'])
    })

    it('leaves out views and what is Intake’s own', async () => {
      const target = await openWithTables(subject(), [author])
      await subject().run('CREATE VIEW names AS SELECT name FROM author')
      expect((await target.readSchema()).map(({ name }) => name)).toEqual(['author'])
      expect(await target.probe()).toMatchObject({ tables: 1 })
    })

    it('has computed columns, which are never written', async () => {
      await subject().run('CREATE TABLE area (id integer PRIMARY KEY, width integer, doubled integer GENERATED ALWAYS AS (width * 2) STORED)')
      const target = await subject().open()
      const [read] = await target.readSchema()
      expect(read?.columns.map(({ name, generated }) => [name, generated])).toEqual([
        ['id', false],
        ['width', false],
        ['doubled', true],
      ])
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: read as Table, columns: ['id', 'width'], key: ['id'], rows: [[1, 4]] })
        const write = async (): Promise<void> => await transaction.write({ table: read as Table, columns: ['id', 'doubled'], rows: [[2, 4]] })
        await expect(transaction.savepoint(write)).rejects.toMatchObject({ code: 'target_refused', details: { column: 'doubled' } })
      })
      expect((await target.readRows(read as Table, { offset: 0, limit: 5 })).rows).toEqual([[1, 4, 8]])
    })

    it('has unique keys, but not those that hold for some rows or for expressions', async () => {
      await subject().run('CREATE TABLE person (id integer PRIMARY KEY, mail varchar(50) UNIQUE, nick varchar(50), town varchar(50))')
      await subject().run('CREATE UNIQUE INDEX person_town_nick ON person (town, nick)')
      await subject().run('CREATE UNIQUE INDEX person_some ON person (nick) WHERE town IS NOT NULL')
      await subject().run('CREATE UNIQUE INDEX person_lower ON person (lower(nick))')
      await subject().run('CREATE INDEX person_plain ON person (town)')
      const [read] = await (await subject().open()).readSchema()
      expect(sorted(read?.uniqueKeys ?? [])).toEqual([['mail'], ['town', 'nick']])
    })

    it('follows references that do not name the columns they lead to', async () => {
      await subject().run('CREATE TABLE parent (code varchar(5) PRIMARY KEY)')
      await subject().run('CREATE TABLE child (id integer PRIMARY KEY, parent_code varchar(5) REFERENCES parent)')
      const read = await (await subject().open()).readSchema()
      const child = read.find(({ name }) => name === 'child')
      expect(child?.foreignKeys).toEqual([{ columns: ['parent_code'], table: 'parent', references: ['code'] }])
    })
  })

  describe('a page of rows', () => {
    it('comes in the order of the primary key, with the number of all rows', async () => {
      const target = await openWithTables(subject(), [author])
      await inTransaction(target, async (transaction) => {
        const rows = Array.from({ length: 30 }, (_, at) => [30 - at, `name ${at}`])
        await transaction.write({ table: author, columns: ['id', 'name'], rows })
      })
      const page = await target.readRows(author, { offset: 10, limit: 3 })
      expect(page).toEqual({
        columns: ['id', 'name', 'rank'],
        rows: [
          [11, 'name 19', null],
          [12, 'name 18', null],
          [13, 'name 17', null],
        ],
        total: 30,
      })
      expect((await target.readRows(author, { offset: 29, limit: 3 })).rows).toHaveLength(1)
    })

    it('comes in another order, of rows with a value alone, and with some columns alone', async () => {
      const shelf = table('shelf', [column('id', 'integer'), column('room', 'text'), column('rank', 'integer', { nullable: true })])
      const target = await openWithTables(subject(), [shelf])
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 'one', 2],
          [2, 'one', null],
          [3, 'other', 1],
          [4, 'one', 1],
          [5, 'one', 2],
        ]
        await transaction.write({ table: shelf, columns: ['id', 'room', 'rank'], rows })
      })
      const page = { offset: 1, limit: 9, only: { room: 'one' }, order: ['rank'], select: ['id'] }
      expect(await target.readRows(shelf, page)).toEqual({ columns: ['id'], rows: [[1], [5], [2]], total: 4 })
      expect((await target.readRows(shelf, { ...page, offset: 0, only: { rank: null } })).rows).toEqual([[2]])
      expect((await target.readRows(shelf, { ...page, offset: 0, only: { room: ['other', 'none'] } })).rows).toEqual([[3]])
    })

    it('are found by words in any of their texts, whatever the case, and whatever means something to the database', async () => {
      const goods = table('goods', [column('id', 'integer'), column('name', 'text', { nullable: true }), column('code', 'text', { nullable: true })])
      const target = await openWithTables(subject(), [goods])
      await inTransaction(target, async (transaction) => {
        const rows = [
          [1, 'Зелёный чай', 'T-001'],
          [2, 'Чай чёрный, 100%', null],
          [3, null, 'T_001'],
          [4, 'Ça va\\', "it's"],
        ]
        await transaction.write({ table: goods, columns: ['id', 'name', 'code'], rows })
      })
      const found = async (...words: string[]) => {
        const { rows, total } = await target.readRows(goods, { offset: 0, limit: 9, search: { words, columns: ['name', 'code'] }, select: ['id'] })
        expect(total).toBe(rows.length)
        return rows.map(([id]) => id)
      }
      expect(await found('ЧАЙ')).toEqual([1, 2])
      expect(await found('чай', 'зелён')).toEqual([1])
      expect(await found('чай', 't-001')).toEqual([1])
      expect(await found('_001')).toEqual([3])
      expect(await found('0%')).toEqual([2])
      expect(await found('%чай')).toEqual([])
      expect(await found('ÇA')).toEqual([4])
      expect(await found('va\\')).toEqual([4])
      expect(await found("IT'S")).toEqual([4])
      const numbered = { offset: 0, limit: 9, search: { words: ['4'], columns: ['id'] }, select: ['id'] }
      expect((await target.readRows(goods, numbered)).rows).toEqual([[4]])
      // Words, and not what stands between two columns.
      expect(await found('чайt')).toEqual([])
    })
  })

  describe('a target', () => {
    it('says what it is', async () => {
      const target = await subject().open()
      const { version, tables } = await target.probe()
      expect(version).toMatch(/^(SQLite|PostgreSQL|MariaDB) \d+\.\d+/)
      expect(tables).toBe(0)
    })

    it('is not changed by being looked at', async () => {
      await subject().run('CREATE TABLE seen (id integer PRIMARY KEY)')
      const before = await subject().dump()
      const target = await subject().open()
      await target.probe()
      const [seen] = await target.readSchema()
      await target.readRows(seen as Table, { offset: 0, limit: 10 })
      await target.forget(fence.importId)
      await target.close()
      expect(await subject().dump()).toBe(before)
    })

    it('that can not be reached says so', async () => {
      const attempt = async (): Promise<unknown> => {
        const target = await subject().openMissing()
        return await target.probe()
      }
      await expect(attempt()).rejects.toMatchObject({ code: 'target_unreachable' })
    })
  })
}

/** A table without what each database writes in its own way. */
function comparable(of: Table): unknown {
  return {
    name: of.name,
    columns: of.columns.map(({ default: _default, sqlType: _sqlType, ...rest }) => rest),
    primaryKey: of.primaryKey,
    uniqueKeys: sorted(of.uniqueKeys),
    foreignKeys: of.foreignKeys,
  }
}

function sorted(keys: string[][]): string[][] {
  return keys.toSorted((a, b) => a.join(',').localeCompare(b.join(',')))
}
