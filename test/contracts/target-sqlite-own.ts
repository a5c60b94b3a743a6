import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Cell, Table, Target } from '../../server/targets/target.ts'
import { samplesDir } from '../support/samples.ts'
import { createSqliteSubject } from './target-sqlite-subject.ts'
import type { SqliteSubject } from './target-sqlite-subject.ts'
import { author, beginOn, book, column, fence, inTransaction, openWithTables, rowsOf, table } from './target-subject.ts'

/** What only SQLite has, or has in a way of its own. */
export function describeSqlite(): void {
  let subject: SqliteSubject

  beforeEach(async () => {
    subject = await createSqliteSubject()
  })

  afterEach(async () => {
    await subject.close()
  })

  const tableOf = async (target: Target, name: string): Promise<Table> => {
    const found = (await target.readSchema()).find((one) => one.name === name)
    if (!found) throw new Error(`there is no table ${name}`)
    return found
  }

  describe('values in SQLite', () => {
    const ddl = `CREATE TABLE holder (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, flag bool, moment datetime, token char(32), price decimal(6, 2),
      free decimal, took bigint, document text CHECK ((JSON_VALID("document") OR "document" IS NULL)), picture BLOB, size integer unsigned CHECK ("size" >= 0))`
    const stored: [string, Cell, unknown][] = [
      ['flag', true, 'integer 1'],
      ['moment', '2024-05-21T18:43:52Z', 'text 2024-05-21 18:43:52'],
      ['moment', '2024-05-21T18:43:52.123Z', 'text 2024-05-21 18:43:52.123000'],
      ['token', '123E4567-e89b-12d3-a456-426614174000', 'text 123e4567e89b12d3a456426614174000'],
      ['token', '00000000-0000-0000-0000-000000000001', 'text 00000000000000000000000000000001'],
      ['price', '12.50', 'real 12.5'],
      ['price', '12.00', 'integer 12'],
      ['price', '1.005', 'integer 1'],
      ['price', '1.015', 'real 1.02'],
      ['price', '-1.0250000001', 'real -1.03'],
      ['price', '9999.994', 'real 9999.99'],
      ['free', '0.1', 'real 0.1'],
      ['free', '123456789012345678', 'integer 123456789012345678'],
      ['took', '3 04:05:06.000007', 'integer 273906000007'],
      ['took', 17, 'integer 17'],
      ['document', '{"b": 1,  "a": 2}', 'text {"b": 1,  "a": 2}'],
      ['picture', Uint8Array.from([65]), 'blob A'],
    ]

    it.each(stored)('of column %s are stored as Django stores them: %s', async (name, value, expected) => {
      await subject.run(ddl)
      const target = await subject.open()
      const holder = await tableOf(target, 'holder')
      await inTransaction(
        target,
        async (transaction) => await transaction.write({ table: holder, columns: ['id', name], key: ['id'], rows: [[1, value]] }),
      )
      expect(await subject.values(`SELECT typeof("${name}") || ' ' || "${name}" FROM holder`)).toEqual([expected])
    })

    it.each([
      ['price', '9999.995', 'digits before the decimal point'],
      ['free', '1.000000000000000001', 'more digits'],
      ['free', 'NaN', 'not a decimal'],
      ['size', -1, 'condition'],
      ['document', '{', 'not valid JSON'],
      ['token', 'xyz', 'not a UUID'],
    ])('of column %s refuse %s: %s', async (name, value, reason) => {
      await subject.run(ddl)
      const target = await subject.open()
      const holder = await tableOf(target, 'holder')
      const transaction = await beginOn(target)
      const write = transaction.write({
        table: holder,
        columns: ['id', name],
        key: ['id'],
        rows: [
          [1, null],
          [2, value],
        ],
      })
      const details = { table: 'holder', column: name, value: String(value), row: 1 }
      await expect(write).rejects.toMatchObject({ code: 'value_invalid', details, message: expect.stringContaining(reason) })
      await transaction.rollback()
    })

    it('keep whole numbers whole in columns that have no type', async () => {
      await subject.run('CREATE TABLE loose (id integer PRIMARY KEY, v)')
      const target = await subject.open()
      const loose = await tableOf(target, 'loose')
      await inTransaction(target, async (transaction) => {
        const rows = [5, 1.5, '5', null].map((value, at) => [at, value])
        await transaction.write({ table: loose, columns: ['id', 'v'], key: ['id'], rows })
      })
      expect(await subject.values('SELECT typeof(v) FROM loose')).toEqual(['integer', 'real', 'text', 'null'])
      expect((await rowsOf(target, loose)).map((row) => row[1])).toEqual([5, 1.5, '5', null])
    })
  })

  describe('references in SQLite', () => {
    it('that dangled before are not reported, though their row is written again', async () => {
      await subject.run(`CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child (id integer PRIMARY KEY, name text, parent_id integer REFERENCES parent);
        PRAGMA foreign_keys = off; INSERT INTO child VALUES (1, 'a', 404), (2, 'b', 405)`)
      const target = await subject.open()
      const child = await tableOf(target, 'child')
      const columns = ['id', 'name', 'parent_id']
      await inTransaction(target, async (transaction) => {
        await transaction.write({
          table: child,
          columns,
          key: ['id'],
          rows: [
            [1, 'A', 404],
            [3, 'c', 406],
          ],
        })
        expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [3], values: [406] }])
        await transaction.write({ table: child, columns, key: ['id'], rows: [[3, 'c', null]] })
      })
      expect(await rowsOf(target, child)).toHaveLength(3)
    })

    it('are found in tables without a rowid, and in those that use its name', async () => {
      await subject.run(`CREATE TABLE parent (id integer PRIMARY KEY);
        CREATE TABLE bare (a text, b integer REFERENCES parent, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE TABLE named (rowid text PRIMARY KEY, _rowid_ integer REFERENCES parent (id))`)
      const target = await subject.open()
      const [bare, named] = [await tableOf(target, 'bare'), await tableOf(target, 'named')]
      const transaction = await beginOn(target)
      await transaction.write({ table: bare, columns: ['a', 'b'], key: ['a', 'b'], rows: [['x', 7]] })
      await transaction.write({ table: named, columns: ['rowid', '_rowid_'], key: ['rowid'], rows: [['y', 8]] })
      expect(await transaction.danglingReferences(5)).toMatchObject([
        { table: 'bare', key: ['x', 7], columns: ['b'], values: [7] },
        { table: 'named', key: ['y'], columns: ['_rowid_'], values: [8] },
      ])
      await transaction.rollback()
    })

    it('to a table that is not there lead nowhere', async () => {
      await subject.run('CREATE TABLE orphan (id integer PRIMARY KEY, parent_id integer REFERENCES nowhere (id))')
      const target = await subject.open()
      const orphan = await tableOf(target, 'orphan')
      const transaction = await beginOn(target)
      await transaction.write({
        table: orphan,
        columns: ['id', 'parent_id'],
        key: ['id'],
        rows: [
          [1, null],
          [2, 5],
        ],
      })
      expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [2], references: { table: 'nowhere', columns: ['id'] } }])
      await transaction.rollback()
    })

    it('are looked at for the transaction that wrote them, not for later ones', async () => {
      const target = await openWithTables(subject)
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['id', 'title', 'author_id'], key: ['id'], rows: [[1, 'a', 7]] })
        await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [[7, 'Anna']] })
      })
      await subject.run('PRAGMA foreign_keys = off; DELETE FROM author')
      await inTransaction(target, async (transaction) => {
        await transaction.write({ table: book, columns: ['id', 'title'], key: ['id'], rows: [[1, 'b']] })
        expect(await transaction.danglingReferences(5)).toEqual([])
      })
    })

    it('are watched over many transactions, also after the tables changed', async () => {
      const target = await openWithTables(subject)
      const columns = ['id', 'title', 'author_id']
      for (let round = 1; round <= 3; round += 1) {
        await inTransaction(target, async (transaction) => {
          await transaction.write({ table: book, columns, key: ['id'], rows: [[round, 'a', round]] })
          expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [round] }])
          await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [[round, `author ${round}`]] })
        })
      }
      await subject.run('CREATE TABLE critic (id integer PRIMARY KEY); ALTER TABLE book ADD COLUMN critic_id integer REFERENCES critic')
      const changed = await tableOf(target, 'book')
      const transaction = await beginOn(target)
      await transaction.write({ table: changed, columns: ['id', 'critic_id'], key: ['id'], rows: [[1, 9]] })
      expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [1], columns: ['critic_id'], values: [9] }])
      await transaction.rollback()
    })
  })

  describe('a table in SQLite', () => {
    it('that was made anew is written as it is now', async () => {
      await subject.run('CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child (id integer PRIMARY KEY, parent_id integer)')
      const target = await subject.open()
      const child = await tableOf(target, 'child')
      const batch = { table: child, columns: ['id', 'parent_id'], key: ['id'], rows: [[1, 404]] }
      await inTransaction(target, async (transaction) => await transaction.write(batch))
      await subject.run('DROP TABLE child; CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent)')
      const transaction = await beginOn(target)
      await transaction.write(batch)
      expect(await transaction.danglingReferences(5)).toMatchObject([{ key: [1], values: [404] }])
      await transaction.rollback()
    })
  })

  describe('links in SQLite', () => {
    it('that stand there twice are made one, also where nothing forbids it', async () => {
      await subject.run(`CREATE TABLE twice (a integer, b integer); INSERT INTO twice VALUES (1, 2), (1, 2), (1, 3), (2, 2);
        CREATE TABLE keyed (a integer, b integer, PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO keyed VALUES (1, 2), (1, 3)`)
      const target = await subject.open()
      const links = [{ owner: 1, others: [2, 4] }]
      await inTransaction(target, async (transaction) => {
        for (const name of ['twice', 'keyed']) await transaction.link({ table: await tableOf(target, name), owner: 'a', other: 'b', links })
      })
      expect(await subject.values(`SELECT a || ' ' || b FROM twice`)).toEqual(['1 2', '2 2', '1 4'])
      expect(await subject.values(`SELECT a || ' ' || b FROM keyed`)).toEqual(['1 2', '1 4'])
    })
  })

  describe('a trigger', () => {
    it('that undoes the whole transaction leaves nothing of its batch', async () => {
      await subject.run(`CREATE TABLE item (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name text NOT NULL);
        CREATE TRIGGER refuse BEFORE INSERT ON item WHEN NEW.name = 'item 1234' BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END`)
      const target = await subject.open()
      const item = await tableOf(target, 'item')
      const transaction = await beginOn(target)
      const rows = Array.from({ length: 2000 }, (_, at) => [`item ${at}`])
      await expect(transaction.write({ table: item, columns: ['name'], rows })).rejects.toThrow('not this one')
      await transaction.rollback()
      expect(await subject.values('SELECT count(*) FROM item')).toEqual([0])
    })
  })

  describe('a file', () => {
    it('keeps its journal mode, and nothing lies beside it after the end', async () => {
      await subject.run('CREATE TABLE seen (id integer PRIMARY KEY)')
      const target = await openWithTables(subject)
      await target.forget(fence.importId)
      await target.close()
      expect(await subject.values('PRAGMA journal_mode')).toEqual(['delete'])
      expect(['-wal', '-shm', '-journal'].filter((end) => existsSync(subject.file + end))).toEqual([])
    })

    it('that another program writes to is locked, and free again after it', async () => {
      const target = await openWithTables(subject)
      const other = new Database(subject.file)
      other.exec('BEGIN IMMEDIATE')
      await expect(target.begin(fence)).rejects.toMatchObject({ code: 'target_locked', retryable: true })
      other.exec('ROLLBACK')
      other.close()
      await (await target.begin(fence)).rollback()
    })

    it('that is no database is refused', async () => {
      writeFileSync(subject.file, 'This is a letter, not a database. '.repeat(200))
      await expect((async () => await (await subject.open()).probe())()).rejects.toMatchObject({ code: 'target_refused' })
    })

    it('can be read while it is written to', async () => {
      const target = await openWithTables(subject)
      const transaction = await target.begin(fence)
      await transaction.write({ table: author, columns: ['id', 'name'], key: ['id'], rows: [[1, 'Anna']] })
      expect(await rowsOf(await subject.open(), author)).toEqual([])
      await transaction.commit({ done: true, state: null })
      expect(await rowsOf(await subject.open(), author)).toEqual([[1, 'Anna', null]])
    })
  })

  const samples = samplesDir()

  describe('a database that Django made', () => {
    it.skipIf(samples === null)('is read as Django means it', async () => {
      const dump = gunzipSync(readFileSync(join(samples ?? '', 'targets/contrib/sqlite/before.sql.gz'))).toString()
      await subject.run(dump)
      const target = await subject.open()
      const user = await tableOf(target, 'auth_user')
      expect(user.columns.map(({ name, type }) => `${name}:${type}`)).toEqual(
        expect.arrayContaining(['id:integer', 'is_superuser:boolean', 'username:text', 'date_joined:datetime']),
      )
      expect(user).toMatchObject({ primaryKey: ['id'], uniqueKeys: [['username']] })
      const permission = await tableOf(target, 'auth_permission')
      expect(permission.uniqueKeys).toEqual([['content_type_id', 'codename']])
      expect(permission.foreignKeys).toEqual([{ columns: ['content_type_id'], table: 'django_content_type', references: ['id'] }])
    })
  })

  it('indexes the foreign keys of tables that it makes', async () => {
    const plain = table('plain', [column('id', 'integer'), column('author_id', 'integer')], {
      foreignKeys: [{ columns: ['author_id'], table: 'author', references: ['id'] }],
    })
    await openWithTables(subject, [author, plain])
    expect(await subject.values(`SELECT count(*) FROM pragma_index_list('plain')`)).toEqual([1])
  })
}
