import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import type { Database } from '../../../server/database/database.ts'
import { ImportSessionEntity } from '../../../server/database/entities.ts'
import { chainEvents, chainStart } from '../../../server/realtime/event-chain.ts'
import { EventLog } from '../../../server/realtime/event-log.ts'
import type { EventDraft } from '../../../server/realtime/event-log.ts'
import { readEvents } from '../../../server/realtime/event-rows.ts'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import { sessionRow } from '../../support/session-row.ts'

const line = (message: string): EventDraft => ({ type: 'log', level: 'info', message })

function describeEventLog(name: string, open: () => Promise<{ database: Database; close: () => Promise<void> }>): void {
  describe(`the event log in ${name}`, () => {
    let database: Database
    let close: () => Promise<void>
    let told: StoredEvent[][]
    let log: EventLog
    let importId: string
    let count = 0

    beforeAll(async () => ({ database, close } = await open()))
    afterAll(async () => await close())
    beforeEach(async () => {
      importId = `restore_1763706660000_${++count}`
      await database.em().insert(ImportSessionEntity, sessionRow({ id: importId, dedupeKey: importId }))
      told = []
      log = new EventLog(database, ({ events }) => void told.push(events))
    })

    const stored = async () => (await readEvents(database.em(), importId, { after: 0, limit: 100_000 })).events
    const row = async () => await database.em().findOneOrFail(ImportSessionEntity, { id: importId })
    /** What is stored has no hole and its chain is the one that was noted. */
    const expectWhole = async (events: StoredEvent[]) => {
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      const { lastSeq, logHash } = await row()
      expect(lastSeq).toBe(events.length)
      expect(chainEvents(chainStart, events)).toBe(logHash)
    }

    it('numbers what many write at once without a hole, and tells it in order', async () => {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => await log.write({ importId, drafts: [line(`${index} a`), line(`${index} b`)] })),
      )
      const events = await stored()
      expect(events).toHaveLength(100)
      await expectWhole(events)
      expect(told.flat()).toEqual(events)
      // Two lines of one write are neighbours.
      for (let index = 0; index < 100; index += 2) expect(events[index + 1]!.message).toBe(events[index]!.message!.replace('a', 'b'))
    })

    it('stores nothing for an attempt that is not the newest, nor for a state that has passed', async () => {
      await log.write({ importId, patch: { attempt: 2, status: 'running' }, drafts: [line('second attempt')] })
      const before = await stored()
      expect(await log.write({ importId, expect: { attempt: 1 }, patch: { status: 'failed' }, drafts: [line('stale')] })).toBeNull()
      expect(await log.write({ importId, expect: { statuses: ['queued'] }, drafts: [line('too late')] })).toBeNull()
      expect(await log.write({ importId: 'restore_1_nobody', drafts: [line('nowhere')] })).toBeNull()
      expect(await stored()).toEqual(before)
      expect((await row()).status).toBe('running')
      expect(await log.write({ importId, expect: { attempt: 2, statuses: ['running'] }, drafts: [line('fresh')] })).toHaveLength(1)
      expect(told).toHaveLength(2)
    })

    it('stores all that belongs together, or nothing of it', async () => {
      const failing = log.write({
        importId,
        patch: { status: 'failed' },
        drafts: [line('lost')],
        within: async () => {
          throw new Error('no')
        },
      })
      await expect(failing).rejects.toThrow('no')
      expect((await row()).status).toBe('queued')
      await log.write({ importId, drafts: [line('first')] })
      const events = await stored()
      expect(events.map(({ seq, message }) => [seq, message])).toEqual([[1, 'first']])
      await expectWhole(events)
    })

    it('closes with the number of events and the chain before the last', async () => {
      await log.write({ importId, drafts: [line('a'), line('b')] })
      const { logHash } = await row()
      await log.write({ importId, patch: { status: 'failed' }, drafts: [{ type: 'status', status: 'failed', data: { details: { x: 1 } } }] })
      const events = await stored()
      expect(events.at(-1)).toMatchObject({ seq: 3, data: { count: 3, checksum: logHash, details: { x: 1 }, ledger: { total: null } } })
      await expectWhole(events)
    })

    it.each([
      ['U+0000', 'a\u0000b', 'a\uFFFDb'],
      ['half of a pair', 'a\uD83Db', 'a\uFFFDb'],
      ['quotes and backslashes', `'"\\ \\u0000 ' or 1=1; --`, `'"\\ \\u0000 ' or 1=1; --`],
      ['controls and directions', '\u001B[31mred\u202E', '\u001B[31mred\u202E'],
      ['all of Unicode', 'Привет مرحبا 🎉', 'Привет مرحبا 🎉'],
    ])('keeps %s so that what is told, stored and chained is the same', async (_what, sent, kept) => {
      await log.write({
        importId,
        drafts: [{ type: 'log', level: 'error', message: sent, stream: sent, data: { [`k`]: sent, list: [sent, 1.5, null] } }],
      })
      const events = await stored()
      expect(events[0]).toMatchObject({ message: kept, stream: kept, data: { k: kept, list: [kept, 1.5, null] } })
      expect(told.flat()).toEqual(events)
      await expectWhole(events)
    })

    it('cuts a message of more than 64 Ki characters, also in the middle of a pair', async () => {
      await log.write({ importId, drafts: [line(`x${'🎉'.repeat(40_000)}`)] })
      const events = await stored()
      expect(events[0]!.message!.length).toBeLessThanOrEqual(64 * 1024 + 1)
      expect(events[0]!.message).toMatch(/…$/)
      await expectWhole(events)
    })

    it('shows by its chain when an event is changed, lost or moved', async () => {
      await log.write({ importId, drafts: ['a', 'b', 'c'].map(line) })
      const [first, second, third] = (await stored()) as [StoredEvent, StoredEvent, StoredEvent]
      const { logHash } = await row()
      for (const tampered of [
        [first, second],
        [second, first, third],
        [first, { ...second, message: 'B' }, third],
        [first, { ...second, level: 'error' as const }, third],
      ]) {
        expect(chainEvents(chainStart, tampered)).not.toBe(logHash)
      }
    })

    it('is read in shorter pages when its lines are long', async () => {
      const long = Array.from({ length: 600 }, (_, index) => line(`${index} `.padEnd(10_000, '.')))
      await log.write({ importId, drafts: long })
      const seqs: number[] = []
      let pages = 0
      for (let more = true; more; pages++) {
        const page = await readEvents(database.em(), importId, { after: seqs.at(-1) ?? 0, limit: 1000 })
        expect(JSON.stringify(page).length).toBeLessThan(1.2 * 1024 * 1024)
        seqs.push(...page.events.map(({ seq }) => seq))
        more = page.more
      }
      expect(seqs).toEqual(long.map((_, index) => index + 1))
      expect(pages).toBe(6)
    })

    it('is read by page, level, stream and text', async () => {
      const drafts: EventDraft[] = Array.from({ length: 30 }, (_, index) => ({
        type: 'log',
        level: index % 3 === 0 ? 'error' : 'info',
        message: `Line ${index} 100%_done`,
        stream: index % 2 === 0 ? 'even' : 'odd',
      }))
      await log.write({ importId, drafts })
      const read = async (filter: object) => await readEvents(database.em(), importId, { after: 0, limit: 10, ...filter })
      const page = await read({ after: 5 })
      expect(page.events.map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
      expect([page.lastSeq, page.more]).toEqual([30, true])
      expect((await read({ level: ['error'] })).events).toHaveLength(10)
      expect((await read({ level: ['error'], stream: 'odd' })).events.map(({ seq }) => seq)).toEqual([4, 10, 16, 22, 28])
      expect((await read({ q: 'line 7 ' })).events.map(({ seq }) => seq)).toEqual([8])
      expect((await read({ q: '0%_d', limit: 100 })).events).toHaveLength(30)
      expect((await read({ q: '0%-d' })).events).toEqual([])
      expect(await read({ after: 30 })).toEqual({ events: [], lastSeq: 30, more: false })
    })
  })
}

describeEventLog('SQLite', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-events-'))
  const database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
  const close = async () => {
    await database.close()
    await rm(folder, { recursive: true })
  }
  return { database, close }
})

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(!hasPostgres)('with a server', () => {
  describeEventLog('PostgreSQL', async () => {
    const server = await startPostgres()
    if (!server) throw new Error('PostgreSQL is not installed')
    const database = await openDatabase({ type: 'postgresql', url: await server.createDatabase('events') })
    const close = async () => {
      await database.close()
      await server.stop()
    }
    return { database, close }
  })
})
