import { describe, expect, it } from 'vitest'
import type { TargetTransaction } from '../../server/targets/target.ts'
import { author, beginOn, book, bookTags, fence, inTransaction, openWithTables, outcomeOf, rowsOf } from './target-subject.ts'
import type { Subject } from './target-subject.ts'

const { importId } = fence
const second = { importId, attempt: 2 }
const anna = { table: author, columns: ['id', 'name'], key: ['id'], rows: [[1, 'Anna']] }

/** Checkpoints and fences: effects happen once. */
export function describeFences(subject: Subject): void {
  describe('a checkpoint', () => {
    it('is not there before anything was committed', async () => {
      const target = await subject().open()
      expect(await target.claim(fence)).toBeNull()
      expect(await target.claim(second)).toBeNull()
    })

    it('is what the last commit of any attempt left', async () => {
      const target = await openWithTables(subject())
      const transaction = await target.begin(fence)
      await transaction.write(anna)
      await transaction.commit({ done: false, state: { file: 'a.json', record: 17, 'Ω"\\': [null] } })
      expect(await target.claim(second)).toEqual({ done: false, state: { file: 'a.json', record: 17, 'Ω"\\': [null] } })
      await (await target.begin(second)).commit({ done: true, state: 'all' })
      expect(await target.claim({ importId, attempt: 3 })).toEqual({ done: true, state: 'all' })
    })

    it('goes with its rows: what is rolled back leaves the former one', async () => {
      const target = await openWithTables(subject())
      await (await target.begin(fence)).commit({ done: false, state: 1 })
      const transaction = await target.begin(fence)
      await transaction.write(anna)
      await transaction.rollback()
      expect(await target.claim(second)).toEqual({ done: false, state: 1 })
      expect(await rowsOf(target, author)).toEqual([])
    })

    it('is kept for each import session by itself, and the table goes with the last', async () => {
      const target = await subject().open()
      const before = await subject().dump()
      const other = { importId: 'restore_2_other', attempt: 1 }
      await (await beginOn(target)).commit({ done: true, state: 'mine' })
      await target.claim(other)
      await target.forget(importId)
      expect(await target.claim(fence)).toBeNull()
      await target.forget(importId)
      await target.forget('never_heard_of')
      expect(await subject().values(`SELECT import_id FROM intake_checkpoint`)).toEqual([other.importId])
      await target.forget(other.importId)
      await expect(subject().values(`SELECT import_id FROM intake_checkpoint`)).rejects.toThrow(/intake_checkpoint/)
      await target.forget(other.importId)
      expect(await subject().dump()).toBe(before)
    })

    it('survives many announcements and departures at once', async () => {
      const targets = await Promise.all(Array.from({ length: 8 }, async () => await subject().open()))
      await Promise.all(
        targets.map(async (target, at) => {
          for (let round = 0; round < 5; round += 1) {
            const own = { importId: `bulk_${at}_${round}`, attempt: 1 }
            expect(await target.claim(own)).toBeNull()
            await target.forget(own.importId)
          }
        }),
      )
      await expect(subject().values(`SELECT import_id FROM intake_checkpoint`)).rejects.toThrow(/intake_checkpoint/)
    })
  })

  describe('a fence', () => {
    it('refuses the announcement of an attempt that is not the newest', async () => {
      const target = await subject().open()
      await target.claim(second)
      await expect(target.claim(fence)).rejects.toMatchObject({ code: 'fenced' })
      expect(await target.claim(second)).toBeNull()
    })

    it('lets nothing begin that is not the newest, or was never announced', async () => {
      const target = await subject().open()
      await expect(target.begin(fence)).rejects.toMatchObject({ code: 'fenced' })
      await target.claim(second)
      await expect(target.begin(fence)).rejects.toMatchObject({ code: 'fenced' })
      await (await target.begin(second)).rollback()
    })

    it('never lets an attempt commit after a newer one was announced', async () => {
      const old = await openWithTables(subject())
      const transaction = await old.begin(fence)
      await transaction.write(anna)
      const young = await subject().open()
      const announced = await outcomeOf(young.claim(second))
      const committed = await outcomeOf(transaction.commit({ done: true, state: 'old' }))
      await transaction.rollback()
      // Either the announcement had to wait for the one that holds the database, or it came first and cut the other off.
      expect([announced, committed]).toEqual(
        announced === 'done' ? ['done', expect.stringMatching(/fenced|target_unreachable/)] : ['target_locked', 'done'],
      )
      expect(await rowsOf(young, author)).toEqual(committed === 'done' ? [[1, 'Anna', null]] : [])
    })

    it('lets the newer attempt write the rows that the older one holds', async () => {
      const old = await openWithTables(subject())
      const stale = await old.begin(fence)
      await stale.write(anna)
      const young = await subject().open()
      // Where the whole file is locked, the older one has to be gone.
      if ((await outcomeOf(young.claim(second))) !== 'done') {
        await stale.rollback()
        await young.claim(second)
      }
      const transaction = await young.begin(second)
      await transaction.write({ ...anna, rows: [[1, 'Anna the second']] })
      await transaction.commit({ done: true, state: null })
      expect(await outcomeOf(stale.commit({ done: true, state: null }))).not.toBe('done')
      await stale.rollback()
      expect(await rowsOf(young, author)).toEqual([[1, 'Anna the second', null]])
    })

    it('cuts off an attempt whose import session was ended and forgotten', async () => {
      const old = await openWithTables(subject())
      const young = await subject().open()
      await young.claim(second)
      await young.forget(importId)
      await expect(old.begin(fence)).rejects.toMatchObject({ code: 'fenced' })
    })

    it('keeps import sessions apart', async () => {
      const target = await openWithTables(subject())
      await target.claim({ importId: 'restore_2_other', attempt: 9 })
      await inTransaction(target, async (transaction) => await transaction.write(anna))
      expect(await rowsOf(target, author)).toEqual([[1, 'Anna', null]])
    })
  })

  describe('a transaction', () => {
    it('leaves the database as it was when it is rolled back, tables included', async () => {
      const target = await openWithTables(subject(), [author])
      await inTransaction(target, async (transaction) => await transaction.write(anna))
      await target.forget(importId)
      const before = await subject().dump()
      const transaction = await beginOn(target)
      await transaction.createTables([book, bookTags])
      await transaction.write({
        ...anna,
        rows: [
          [1, 'Boris'],
          [2, 'Clara'],
        ],
      })
      await transaction.write({ table: book, columns: ['id', 'title', 'author_id'], key: ['id'], rows: [[1, 'a', 2]] })
      await transaction.link({ table: bookTags, owner: 'book_id', other: 'tag', links: [{ owner: 1, others: ['x'] }] })
      expect(await transaction.danglingReferences(1)).toEqual([])
      await transaction.rollback()
      await transaction.rollback()
      await target.forget(importId)
      expect(await subject().dump()).toBe(before)
    })

    it('is over after its end', async () => {
      const target = await openWithTables(subject())
      const committed = await target.begin(fence)
      await committed.commit({ done: false, state: null })
      const rolledBack = await target.begin(fence)
      await rolledBack.rollback()
      for (const transaction of [committed, rolledBack]) await expectOver(transaction)
    })

    it('is the only one of its target', async () => {
      const target = await openWithTables(subject())
      const transaction = await target.begin(fence)
      await expect(target.begin(fence)).rejects.toMatchObject({ code: 'wrong_state' })
      await transaction.rollback()
      await (await target.begin(fence)).rollback()
    })

    it('is undone when its target is closed', async () => {
      const target = await openWithTables(subject())
      const transaction = await target.begin(fence)
      await transaction.write(anna)
      await target.close()
      await transaction.rollback()
      expect(await rowsOf(await subject().open(), author)).toEqual([])
    })
  })
}

async function expectOver(transaction: TargetTransaction): Promise<void> {
  const over = { code: 'wrong_state' }
  await expect(transaction.write(anna)).rejects.toMatchObject(over)
  await expect(transaction.find({ table: author, by: ['id'], keys: [[1]], select: ['id'] })).rejects.toMatchObject(over)
  await expect(transaction.commit({ done: true, state: null })).rejects.toMatchObject(over)
  await expect(transaction.savepoint(async () => {})).rejects.toMatchObject(over)
  await transaction.rollback()
}

/** `done`, or the code of the error. */
