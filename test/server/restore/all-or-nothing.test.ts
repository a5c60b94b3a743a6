import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../server/errors.ts'
import type { Target } from '../../../server/targets/target.ts'
import { KeepingContext, textAsJob } from '../../support/job-context.ts'
import { Databases, dialects } from './databases.ts'
import { Killed, cutTarget } from './faulty-target.ts'
import type { Cut } from './faulty-target.ts'
import { restoreInto } from './run-restore.ts'
import { author, book, shop, shopSql, tag } from './shop.ts'
import type { TestDatabase } from './test-database.ts'

/** The mode in which one bad record leaves the target as it was. */
describe.each(dialects.filter(({ available }) => available))('on $name, all or nothing', ({ name }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const open = async (): Promise<TestDatabase> => {
    const database = await databases.create(shopSql(name))
    await database.run(`INSERT INTO shop_author (id, name, motto) VALUES (1, 'Anna', 'there')`)
    return database
  }

  it('refuses before it writes when models or fields have no place, and says all that is wrong', async () => {
    const database = await open()
    const before = await database.rows()
    const records = [
      author(2, 'Boris', { nmae: 'x', rang: 1 }),
      { model: 'shop.writer', pk: 1, fields: {} },
      { model: 'shop', pk: 1, fields: {} },
      { pk: 1 },
    ]
    const { outcome, context } = await restoreInto(database, [shop(...records)], { wrap: neverBegins })
    expect(outcome).toMatchObject({
      status: 'failed',
      ledger: { total: 4, succeeded: 0, failed: 4, notReached: 0 },
      error: { code: 'column_missing' },
    })
    const reasons = context.lines.filter(({ level }) => level === 'error').map(({ message }) => message)
    expect(reasons).toEqual([
      expect.stringMatching(/shop\.author 2 \(shop\.json, record 1, line 1\): .*"nmae".*Was "name" meant/),
      expect.stringMatching(/"rang".*Was "rank" meant/),
      expect.stringMatching(/no table "shop_writer".*create missing tables/),
      expect.stringMatching(/"shop" is no model/),
      expect.stringMatching(/record 4/),
      expect.stringContaining('Nothing was written'),
    ])
    expect(await database.rows()).toEqual(before)
  })

  it('refuses a damaged file before it writes, with the place', async () => {
    const database = await open()
    const cut = textAsJob('cut.json', JSON.stringify([author(2, 'Boris'), author(3, 'Clara')]).slice(0, -9))
    const { outcome, context } = await restoreInto(database, [shop(tag(1, 'a')), cut], { wrap: neverBegins })
    expect(outcome).toMatchObject({
      status: 'failed',
      ledger: { succeeded: 0 },
      error: { code: 'file_damaged', message: expect.stringContaining('cut.json') as string },
    })
    expect(context.rejected).toMatchObject([{ file: 'cut.json', record: 2, code: 'file_damaged' }])
  })

  it('ends at a bad record, with its place, and leaves the target as it was', async () => {
    const database = await open()
    const before = await database.rows()
    const records = [...manyTags(4500), author(2, 'Boris'), author(3, 'Boris'), author(4, 'D'.repeat(41)), tag(5000, 'later')]
    const { outcome, context } = await restoreInto(database, [shop(...records)])
    expect(outcome).toMatchObject({
      status: 'failed',
      ledger: { total: 4504, succeeded: 0, failed: 2, skipped: 0, notReached: 4502 },
      error: { code: 'unique_violation' },
    })
    expect(context.rejected.map(({ record, key, code }) => [record, key, code])).toEqual([
      [4502, '3', 'unique_violation'],
      [4503, '4', 'value_invalid'],
    ])
    expect(await database.rows()).toEqual(before)
  })

  it('finds every record whose reference leads nowhere', async () => {
    const database = await open()
    const before = await database.rows()
    const records = [book(1, 'a', { author: 404 }), book(2, 'b'), ...manyTags(3000), book(3, 'c', { sequel: 77 }), book(4, 'd', { tags: [1, 9999] })]
    const { outcome, context } = await restoreInto(database, [shop(...records)])
    expect(outcome).toMatchObject({
      status: 'failed',
      ledger: { total: 3004, succeeded: 0, failed: 3, notReached: 3001 },
      error: { code: 'reference_missing' },
    })
    expect(context.rejected.map(({ record, key, reason }) => [record, key, reason])).toEqual([
      [1, '1', expect.stringContaining('Field "author" refers to 404, but table "shop_author" has no row with id 404')],
      [3003, '3', expect.stringContaining('Field "sequel" refers to 77')],
      [3004, '4', expect.stringContaining('Field "tags" refers to 9999')],
    ])
    expect(await database.rows()).toEqual(before)
  })

  it('takes several files as one: a bad record of the second leaves nothing of the first', async () => {
    const database = await open()
    const before = await database.rows()
    const second = textAsJob('second.jsonl', `${JSON.stringify(book(1, 'x', { author: 2 }))}\n${JSON.stringify(book(2, 'y', { pages: 'many' }))}\n`)
    const { outcome, context } = await restoreInto(database, [shop(author(2, 'Boris')), second])
    expect(outcome).toMatchObject({ status: 'failed', ledger: { total: 3, failed: 1 }, error: { code: 'value_invalid' } })
    expect(context.rejected).toMatchObject([{ file: 'second.jsonl', record: 2, line: 2, reason: expect.stringContaining('"many"') as string }])
    expect(await database.rows()).toEqual(before)
  })

  it('in a dry run finds what is wrong, and otherwise undoes what it did', async () => {
    const database = await open()
    const before = await database.rows()
    const options = { dryRun: true }
    const good = await restoreInto(database, [shop(author(2, 'Boris'), book(1, 'x', { author: 2, tags: [] }))], { options })
    expect(good.outcome).toMatchObject({ status: 'succeeded', ledger: { succeeded: 2 } })
    expect(good.context.text).toContain('Dry run: 2 records, 2 rows would go in. Nothing was written.')
    const bad = await restoreInto(database, [shop(book(1, 'x', { author: 5 }))], { options })
    expect(bad.outcome).toMatchObject({ status: 'failed', error: { code: 'reference_missing' } })
    expect(await database.rows()).toEqual(before)
  })

  it('is undone when it is cancelled, and counts nothing as done', async () => {
    const database = await open()
    const before = await database.rows()
    const context = new KeepingContext()
    context.onProgress = ({ step, done }) => {
      if (step?.name === 'load' && done > 0) context.abort.abort(new AppError('cancelled', 'Cancelled by admin.'))
    }
    const { outcome } = await restoreInto(database, [shop(...manyTags(5000))], { context })
    expect(outcome).toEqual({
      status: 'cancelled',
      ledger: { total: 5000, succeeded: 0, failed: 0, skipped: 0, notReached: 5000 },
      error: { code: 'cancelled', message: 'Cancelled by admin.' },
    })
    expect(await database.rows()).toEqual(before)
  })

  it('throws at a shutdown, so that the run goes on with another attempt', async () => {
    const database = await open()
    const context = new KeepingContext()
    context.onProgress = ({ step }) => {
      if (step?.name === 'load') context.abort.abort(new AppError('shutting_down', 'The server stops.'))
    }
    await expect(restoreInto(database, [shop(...manyTags(5000))], { context })).rejects.toMatchObject({ code: 'shutting_down' })
    expect(await database.query('SELECT count(*) FROM shop_tag')).toEqual([[0]])
  })

  it('is done once, wherever it was killed', async () => {
    const whole = await open()
    const records = [...manyTags(4100), author(2, 'Boris'), author(null, 'Clara'), book(1, 'x', { tags: [3, 4] })]
    await restoreInto(whole, [shop(...records)])
    const rows = await whole.rows()
    const cuts: Cut[] = [
      { at: 'write', number: 1 },
      { at: 'write', number: 3 },
      { at: 'before commit', number: 1 },
      { at: 'after commit', number: 1 },
    ]
    for (const cut of cuts) {
      const database = await open()
      const importId = `restore_${cut.at}_${cut.number}`
      await expect(restoreInto(database, [shop(...records)], { importId, wrap: (target) => cutTarget(target, cut) })).rejects.toThrow(Killed)
      const { outcome, context } = await restoreInto(database, [shop(...records)], { importId, attempt: 2 })
      expect(outcome).toEqual({ status: 'succeeded', ledger: { total: 4103, succeeded: 4103, failed: 0, skipped: 0, notReached: 0 } })
      expect(context.text).toContain('Done: 4,103 records, 4,105 rows.')
      if (name === 'SQLite') expect(await database.rows()).toEqual(rows)
      else
        expect(Object.fromEntries(Object.entries(await database.rows()).map(([table, found]) => [table, found.length]))).toMatchObject({
          shop_tag: 4100,
          shop_author: 3,
        })
    }
  })

  it('asks the target whether a commit went through whose answer was lost', async () => {
    const database = await open()
    const lost = await restoreInto(database, [shop(author(2, 'Boris'))], { wrap: (target) => losesAnswer(target, 'after') })
    expect(lost.outcome, lost.context.text).toMatchObject({ status: 'succeeded', ledger: { succeeded: 1 } })
    const undone = await restoreInto(database, [shop(author(3, 'Clara'))], { wrap: (target) => losesAnswer(target, 'before') })
    expect(undone.outcome).toMatchObject({ status: 'failed', ledger: { succeeded: 0, notReached: 1 }, error: { code: 'target_unreachable' } })
    expect(await database.query('SELECT id FROM shop_author ORDER BY 1')).toEqual([[1], [2]])
  })

  it('shows progress that never goes back, over three steps, to the end', async () => {
    const database = await open()
    const { context } = await restoreInto(database, [shop(...manyTags(5000))])
    const percents = context.updates.map(({ percent }) => percent ?? -1)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(percents.at(-1)).toBe(100)
    expect([...new Set(context.updates.map(({ step }) => `${step?.index}/${step?.count} ${step?.name}`))]).toEqual([
      '1/3 check',
      '2/3 load',
      '3/3 verify',
    ])
    const last = context.updates.at(-1)
    expect(last).toMatchObject({ done: 5000, total: 5000, unit: 'records', ledger: { total: 5000, succeeded: 5000, notReached: 0 } })
    expect(context.updates.some(({ current }) => current === 'shop.tag · 4,000 rows written')).toBe(true)
  })
})

function manyTags(count: number): object[] {
  return Array.from({ length: count }, (_, at) => tag(at + 1, `tag ${at}`))
}

/** A target that fails the test when something is begun. */
function neverBegins(target: Target): Target {
  const cut = cutTarget(target, null)
  return { ...cut, begin: async () => await Promise.reject(new Error('nothing was to be written')) }
}

/** A target whose connection is lost before or after it commits. */
function losesAnswer(target: Target, when: 'before' | 'after'): Target {
  const cut = cutTarget(target, null)
  return {
    ...cut,
    begin: async (fence) => {
      const tx = await target.begin(fence)
      const commit: typeof tx.commit = async (checkpoint) => {
        if (when === 'after') await tx.commit(checkpoint)
        else await tx.rollback()
        throw new AppError('target_unreachable', 'The connection was lost.')
      }
      return new Proxy(tx, {
        get: (inner, key) => {
          if (key === 'commit') return commit
          const value: unknown = Reflect.get(inner, key)
          return typeof value === 'function' ? value.bind(inner) : value
        },
      })
    },
  }
}
