import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppDatabase } from '../../server/config/config.ts'
import { openDatabase } from '../../server/database/database.ts'
import type { Database } from '../../server/database/database.ts'
import { ImportSessionEntity } from '../../server/database/entities.ts'
import { storableJson } from '../../server/database/storable.ts'
import { sessionRow } from '../support/session-row.ts'

export type AppDatabaseFactory = {
  name: string
  /** An empty database. */
  create: () => Promise<{ address: AppDatabase; close(): Promise<void> }>
}

const oddTexts = [
  `it's "quoted" \\ \\n \\u0041 $1 ? ?? :name %s {{x}} -- /* */ ; drop table app_user`,
  '\n\r\t\u0001\u007F\u2028\u2029\uFEFF\u200B',
  'Ёлка ىهم 漢字 👩‍👩‍👧 e\u0301 \u{10FFFF}',
  'x'.repeat(200_000),
  '',
]

/** What the app database has to keep, whichever it is. */
export function describeAppDatabase({ name, create }: AppDatabaseFactory): void {
  describe(`the app database in ${name}`, () => {
    let place: Awaited<ReturnType<typeof create>>
    let database: Database
    const find = async (id: string) => await database.em().findOneOrFail(ImportSessionEntity, { id })
    const rowsOf = async (table: string): Promise<Record<string, unknown>[]> => await database.em().getConnection().execute(`select * from ${table}`)
    beforeAll(async () => {
      place = await create()
      database = await openDatabase(place.address)
    })
    afterAll(async () => {
      await database.close()
      await place.close()
    })

    it('is migrated once, and keeps its rows when it is opened again', async () => {
      await database.em().insert(ImportSessionEntity, sessionRow({ id: 'kept' }))
      const before = await rowsOf('mikro_orm_migrations')
      const seen: string[] = []
      const again = await openDatabase(place.address, async (ready) => {
        seen.push((await ready.em().findOneOrFail(ImportSessionEntity, { id: 'kept' })).title)
      })
      await again.close()
      expect(seen).toEqual(['backup.json'])
      expect(before.length).toBeGreaterThan(0)
      expect(await rowsOf('mikro_orm_migrations')).toEqual(before)
    })

    it('lets go of everything when what is done alone fails', async () => {
      const failing = openDatabase(place.address, async () => {
        throw new Error('no administrator can be made')
      })
      await expect(failing).rejects.toThrow('no administrator')
      await (await openDatabase(place.address)).close()
    })

    it('lets one of many take an active key; an ended one has none', async () => {
      const tries = Array.from({ length: 20 }, async (_, index) => {
        await database.em().insert(ImportSessionEntity, sessionRow({ id: `race-${index}`, activeKey: 'the same' }))
      })
      const outcomes = await Promise.allSettled(tries)
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      expect(refused).toHaveLength(19)
      for (const reason of refused) expect(reason).toBeInstanceOf(UniqueConstraintViolationException)
      for (const id of ['ended-1', 'ended-2']) await database.em().insert(ImportSessionEntity, sessionRow({ id, activeKey: null }))
    })

    it.each([0, -1, 1, 1_763_735_677_123, 8_640_000_000_000_000, Number.MAX_SAFE_INTEGER])('keeps the moment %i exactly', async (moment) => {
      const id = `moment-${moment}`
      await database.em().insert(ImportSessionEntity, sessionRow({ id, createdAt: moment, endedAt: moment }))
      const { createdAt, endedAt } = await find(id)
      expect({ createdAt, endedAt }).toEqual({ createdAt: moment, endedAt: moment })
      expect(await database.em().count(ImportSessionEntity, { id, endedAt: { $lte: moment } })).toBe(1)
      expect(await database.em().count(ImportSessionEntity, { id, endedAt: { $lt: moment } })).toBe(0)
    })

    it('gives texts and JSON back as they were, odd characters and all', async () => {
      for (const [index, text] of oddTexts.entries()) {
        const id = `odd-${index}`
        const options = { [text.slice(0, 100)]: text, list: [text, null, true, 1.5, -0.1, 1e21, { deep: [[text]] }], empty: {} }
        await database.em().insert(ImportSessionEntity, sessionRow({ id, title: text, options }))
        expect(await find(id)).toMatchObject({ title: text, options })
        const changed = { ...options, more: text }
        await database.em().nativeUpdate(ImportSessionEntity, { id, title: text }, { options: changed, searchText: text })
        expect(await find(id)).toMatchObject({ options: changed, searchText: text })
      }
    })

    it('keeps what can’t be kept in the form that storable JSON gives it', async () => {
      const options = storableJson({ nul: 'a\u0000b', half: '\uD800!', large: 2n ** 60n })
      await database.em().insert(ImportSessionEntity, sessionRow({ id: 'nul', options }))
      expect((await find('nul')).options).toEqual({ nul: 'a\uFFFDb', half: '\uFFFD!', large: '1152921504606846976' })
    })

    it('undoes a transaction that fails, whole', async () => {
      const failing = database.em().transactional(async (em) => {
        await em.insert(ImportSessionEntity, sessionRow({ id: 'undone' }))
        await em.nativeUpdate(ImportSessionEntity, { id: 'kept' }, { title: 'changed' })
        throw new Error('stop')
      })
      await expect(failing).rejects.toThrow('stop')
      expect(await database.em().count(ImportSessionEntity, { id: 'undone' })).toBe(0)
      expect((await find('kept')).title).toBe('backup.json')
    })

    it('lets transactions that lock a row follow one another', async () => {
      await database.em().insert(ImportSessionEntity, sessionRow({ id: 'counted' }))
      const steps = Array.from({ length: 30 }, async () => {
        await database.em().transactional(async (em) => {
          const row = await em.findOneOrFail(
            ImportSessionEntity,
            { id: 'counted' },
            { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
          )
          await em.nativeUpdate(ImportSessionEntity, { id: 'counted' }, { lastSeq: row.lastSeq + 1 })
        })
      })
      await Promise.all(steps)
      expect((await find('counted')).lastSeq).toBe(30)
    })

    it('that a newer version has migrated is not opened, and left as it is', async () => {
      const statement = `insert into mikro_orm_migrations (name, executed_at) values ('Migration20991231Later', current_timestamp)`
      await database.em().getConnection().execute(statement)
      const before = await rowsOf('mikro_orm_migrations')
      await expect(openDatabase(place.address)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/newer version.*Migration20991231Later.*backup/),
      })
      expect(await rowsOf('mikro_orm_migrations')).toEqual(before)
    })
  })
}
