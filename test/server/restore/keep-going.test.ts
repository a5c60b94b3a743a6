import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { JobFile } from '../../../server/jobs/importer.ts'
import { AppError } from '../../../server/errors.ts'
import { KeepingContext, textAsJob } from '../../support/job-context.ts'
import { Databases, dialects } from './databases.ts'
import { Killed, cutTarget } from './faulty-target.ts'
import type { Cut } from './faulty-target.ts'
import { restoreInto } from './run-restore.ts'
import type { Restored, RestoreSettings } from './run-restore.ts'
import { author, book, shop, shopSql, tag } from './shop.ts'
import type { Rows, TestDatabase } from './test-database.ts'

const options = { mode: 'keep_going' }

/** The mode that takes good records and lists bad ones. */
describe.each(dialects.filter(({ available }) => available))('on $name, keep going', ({ name }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const open = async (): Promise<TestDatabase> => await databases.create(shopSql(name))
  const run = async (database: TestDatabase, files: JobFile[], settings: RestoreSettings = {}): Promise<Restored> =>
    await restoreInto(database, files, { options, ...settings })

  it('takes the good records and lists each bad one with its reason and its place', async () => {
    const database = await open()
    const records = [
      author(1, 'Anna'),
      author(2, 'Anna'),
      author(3, 'Boris', { rank: 'high' }),
      { model: 'shop.writer', pk: 1, fields: { name: 'x' } },
      author(4, 'Clara', { nmae: 'x' }),
      { pk: 5 },
      author(6, 'D'.repeat(41)),
      book(1, 'x', { author: 1, pages: null }),
      book(2, 'y', { author: 99 }),
      book(3, 'z', { author: 1, tags: [5] }),
      book(4, 'fine', { author: 1 }),
    ]
    const { outcome, context } = await run(database, [shop(...records)])
    expect(outcome, context.text).toEqual({ status: 'partly_failed', ledger: { total: 11, succeeded: 2, failed: 9, skipped: 0, notReached: 0 } })
    expect(context.rejected.map(({ record, model, key, code, reason }) => [record, model, key, code, reason])).toEqual([
      [2, 'shop.author', '2', 'unique_violation', expect.stringContaining('name')],
      [3, 'shop.author', '3', 'value_invalid', expect.stringContaining('Field "rank": "high" does not fit')],
      [4, 'shop.writer', '1', 'table_missing', expect.stringContaining('There is no table "shop_writer"')],
      [5, 'shop.author', '4', 'column_missing', expect.stringContaining('Was "name" meant?')],
      [6, undefined, undefined, 'record_invalid', expect.stringContaining('model')],
      [7, 'shop.author', '6', 'value_invalid', expect.stringMatching(/name/)],
      [8, 'shop.book', '1', 'not_null_violation', expect.stringContaining('Field "pages" is null')],
      [9, 'shop.book', '2', 'reference_missing', expect.stringContaining('Field "author" refers to 99, but table "shop_author"')],
      [10, 'shop.book', '3', 'reference_missing', expect.stringContaining('Field "tags" refers to 5, but table "shop_tag"')],
    ])
    expect(context.text).toContain('warning: shop.author 2 (shop.json, record 2, line 1): ')
    expect(context.text).toContain('warning: shop.author: 2 records rejected for value_invalid. The first reason: Field "rank"')
    expect(context.rejected[7]).toMatchObject({ file: 'shop.json', content: JSON.stringify(records[8]) })
    expect(await database.query('SELECT id FROM shop_author')).toEqual([[1]])
    expect(await database.query('SELECT id FROM shop_book')).toEqual([[4]])
  })

  it('leaves out what refers to a record that was left out, however far', async () => {
    const database = await open()
    const chain = [
      book(1, 'a', { sequel: 2 }),
      book(2, 'b', { sequel: 3 }),
      book(3, 'c', { author: 404 }),
      book(4, 'd', { sequel: 4 }),
      author(1, 'Anna'),
    ]
    const { outcome, context } = await run(database, [shop(...chain)])
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 2, failed: 3 } })
    expect(context.rejected.map(({ key }) => key)).toEqual(['1', '2', '3'])
    expect(await database.query('SELECT id, sequel_id FROM shop_book')).toEqual([[4, 4]])
  })

  it('lets the last record of a row win, also when the first one had to wait', async () => {
    const database = await open()
    const between = Array.from({ length: 2500 }, (_, at) => tag(at + 1, `tag ${at}`))
    await run(database, [shop(book(1, 'first', { author: 7 }), author(1, 'Anna'), ...between, book(1, 'second', { author: 1 }), author(7, 'Zoe'))])
    expect(await database.query('SELECT title, author_id FROM shop_book')).toEqual([['second', 1]])
  })

  it('fails when no record is good', async () => {
    const database = await open()
    const { outcome } = await run(database, [shop(book(1, 'x', { author: 5 }))])
    expect(outcome).toMatchObject({ status: 'failed', ledger: { total: 1, succeeded: 0, failed: 1 }, error: { code: 'reference_missing' } })
  })

  it('takes what stands before the damage of a file, and the other files', async () => {
    const database = await open()
    const cut = textAsJob('cut.json', JSON.stringify([author(1, 'Anna'), author(2, 'Boris'), author(3, 'Clara')]).slice(0, -20))
    const { outcome, context } = await run(database, [cut, shop(author(4, 'Dora'))])
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { total: 4, succeeded: 3, failed: 1, notReached: 0 } })
    expect(context.rejected).toMatchObject([{ file: 'cut.json', record: 3, code: 'file_damaged' }])
    expect(await database.query('SELECT id FROM shop_author ORDER BY 1')).toEqual([[1], [2], [4]])
  })

  it('in a dry run says what would be, and writes nothing', async () => {
    const database = await open()
    const before = await database.rows()
    const records = [book(1, 'x'), author(1, 'Anna'), author(2, 'Anna')]
    const { outcome, context } = await run(database, [shop(...records)], { options: { ...options, dryRun: true } })
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 2, failed: 1 } })
    expect(context.text).toContain('Nothing was written')
    expect(await database.rows()).toEqual(before)
  })

  it('tries again the records that it is asked for, and no others', async () => {
    const database = await open()
    await database.run(`INSERT INTO shop_author (id, name, motto) VALUES (99, 'Zoe', '')`)
    const records = [author(1, 'Anna'), book(2, 'y', { author: 99 }), book(3, 'z', { author: 98 })]
    const only = [2, 3].map((record) => ({ file: 'shop.json', record }))
    const { outcome, context } = await run(database, [shop(...records)], { only })
    expect(outcome).toEqual({ status: 'partly_failed', ledger: { total: 2, succeeded: 1, failed: 1, skipped: 0, notReached: 0 } })
    expect(context.rejected.map(({ record }) => record)).toEqual([3])
    expect(await database.query('SELECT id FROM shop_author')).toEqual([[99]])
  })

  describe('over many commits', () => {
    const many = manyRecords()

    it('ends in the same rows and the same ledger wherever it was killed', async () => {
      const whole = await open()
      let commits = 0
      const counted = await run(whole, [shop(...many)], {
        wrap: (target) => {
          const cut = cutTarget(target, null)
          Object.defineProperty(counter, 'commits', { get: () => cut.commits, configurable: true })
          return cut
        },
      })
      commits = counter.commits
      expect(commits).toBeGreaterThan(4)
      expect(counted.outcome.status).toBe('partly_failed')
      expect(counted.context.lines.length).toBeLessThan(50)
      const rows = comparable(await whole.rows())
      expect(await whole.query(`SELECT count(*) FROM shop_book WHERE title = 'again'`)).toEqual([[doubles]])
      for (const cut of cuts(commits)) {
        const database = await open()
        const context = new KeepingContext()
        const importId = `restore_${cut.at}_${cut.number}`
        await expect(run(database, [shop(...many)], { importId, context, wrap: (target) => cutTarget(target, cut) })).rejects.toThrow(Killed)
        const { outcome } = await run(database, [shop(...many)], { importId, context, attempt: 2 })
        expect(outcome, `${cut.at} ${cut.number}`).toEqual(counted.outcome)
        expect(comparable(await database.rows())).toEqual(rows)
        expect(context.rejected).toEqual(counted.context.rejected)
        await database.close()
      }
    })

    it('keeps what is committed when it is cancelled, and says what was not reached', async () => {
      const database = await open()
      const context = new KeepingContext()
      context.onProgress = ({ step, done }) => {
        if (step?.name === 'load' && done > 0) context.abort.abort(new AppError('cancelled', 'Cancelled by admin.'))
      }
      const { outcome } = await run(database, [shop(...many)], { context })
      const { ledger } = outcome
      expect(outcome.status).toBe('cancelled')
      expect(ledger.succeeded).toBeGreaterThan(0)
      expect(ledger.notReached).toBe((ledger.total ?? 0) - ledger.succeeded - ledger.failed)
      const [[tags], [authors], [books]] = (await database.query(
        'SELECT count(*) FROM shop_tag UNION ALL SELECT count(*) FROM shop_author UNION ALL SELECT count(*) FROM shop_book',
      )) as [[number], [number], [number]]
      const rows = tags + authors + books
      expect(rows).toBeLessThanOrEqual(ledger.succeeded)
      expect(rows).toBeGreaterThanOrEqual(ledger.succeeded - doubles)
    })
  })
})

const counter: { commits: number } = { commits: 0 }

/** Records of a row that another one writes as well. */
const doubles = 8

/** A sequence of PostgreSQL does not count back when a transaction is undone: there the keys that the database gave are left out. */
function comparable({ shop_book_tags: links = [], ...rest }: Rows): Rows {
  return { ...rest, shop_book_tags: links.map((row) => row.replace(/"id": \d+, /, '')).toSorted() }
}

/** Books before their authors, in part; keys twice; some of every kind of bad record, spread over all chunks. */
function manyRecords(): unknown[] {
  const records: unknown[] = []
  for (let pk = 1; pk <= 50; pk += 1) records.push(tag(pk, `tag ${pk}`))
  for (let pk = 1; pk <= 8000; pk += 1) {
    if (pk % 4 === 0) records.push(author(pk / 4, `Author ${pk}`, { rank: pk % 97 === 0 ? 'bad' : pk }))
    const links = pk % 333 === 0 ? [pk] : [1 + (pk % 50), 1 + ((pk * 7) % 50)]
    records.push(book(pk, `Book ${pk}`, { author: 1 + (pk % 2000), tags: links, pages: pk % 501 === 0 ? null : pk }))
    if (pk % 1000 === 0) records.push({ nothing: true }, book(pk - 500, 'again', { author: 1, tags: [] }))
  }
  return records
}

function cuts(commits: number): Cut[] {
  const each = Array.from({ length: commits }, (_, at) => at + 1)
  return [
    ...each.map((number): Cut => ({ at: 'before commit', number })),
    ...each.slice(0, -1).map((number): Cut => ({ at: 'after commit', number })),
    { at: 'write', number: 3 },
  ]
}
