import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Server } from 'socket.io'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../server/database/database.ts'
import type { Database } from '../../server/database/database.ts'
import { ImportSessionEntity } from '../../server/database/entities.ts'
import { AppError } from '../../server/errors.ts'
import { LiveRuns } from '../../server/jobs/live-runs.ts'
import { SqlLeases } from '../../server/locks/leases.ts'
import { EventLog } from '../../server/realtime/event-log.ts'
import { readEvents } from '../../server/realtime/event-rows.ts'
import { HeldBack } from '../../server/realtime/held-back.ts'
import { Publisher } from '../../server/realtime/publisher.ts'
import { SqlAttemptStore } from '../../server/sessions/attempt-store.ts'
import { DeliveryDesks } from '../../server/sessions/deliveries/delivery-desks.ts'
import { ImportControl } from '../../server/sessions/import-control.ts'
import { LeftCheckpoints } from '../../server/sessions/left-checkpoints.ts'
import { isFinal } from '../../shared/session-status.ts'
import { sessionRow } from '../support/session-row.ts'
import { falseMoves, logFaults } from './log-faults.ts'
import { firstSeed, SeededRandom } from './seeded-random.ts'

/** Runs that workers, whoever reconciles and people get hold of at once; 10,000 by hand. */
const runs = Number(process.env['FAULT_INTERLEAVINGS'] ?? 100)
const first = firstSeed(process.env)
const ledger = { total: 1, succeeded: 1, failed: 0, skipped: 0, notReached: 0 }
const unused = {} as never

let folder: string
let database: Database
let store: SqlAttemptStore
let control: ImportControl
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'intake-interleavings-'))
  database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
  const addressOf = async () => await Promise.reject(new Error('no run here has a target'))
  const events = new EventLog(database, () => undefined)
  const log = pino({ level: 'silent' })
  store = new SqlAttemptStore({
    database,
    events,
    publisher: new Publisher({ io: new Server(), held: new HeldBack() }),
    live: new LiveRuns(),
    storageAddress: { type: 'disk', root: folder },
    importers: { restore: { module: 'none' } },
    addressOf,
    sharing: addressOf,
    checkpoints: new LeftCheckpoints({ database, locks: new SqlLeases(database), addressOf, sharing: addressOf, openTarget: addressOf, log }),
    desks: new DeliveryDesks(unused),
  })
  control = new ImportControl({
    database,
    events,
    stopHere: () => false,
    isHeld: async () => await Promise.resolve(false),
    storage: unused,
    enqueue: async () => await Promise.resolve(),
    endCancelled: async (importId) => await store.endCancelled(importId),
  })
})
afterAll(async () => {
  await database?.close()
  await rm(folder, { recursive: true, force: true })
})

/** A worker, alive or thought dead, who does what workers do in any order, for the attempt that it was given last. */
async function worker(importId: string, name: string, random: SeededRandom): Promise<void> {
  let attempt = 0
  const finish = async (status: 'succeeded' | 'partly_failed') => await store.finish(importId, attempt, { status, ledger })
  const deeds = [
    async () => (attempt = claimed(await store.claim(importId, name, 1000)) ?? attempt),
    async () => await store.keepBatch(importId, attempt, { type: 'batch', lines: [{ level: 'info', message: name }], rejected: [] }),
    async () => await finish('succeeded'),
    async () => await finish('partly_failed'),
    async () => await store.finish(importId, attempt, { status: 'failed', ledger, error: { code: 'internal', message: 'failed' } }),
    async () => await store.resume(importId, attempt, 'interrupted', 'stops'),
    async () => await store.resume(importId, attempt, 'worker_lost', 'was lost'),
    async () => await store.endCancelled(importId),
  ]
  for (let left = random.between(1, 8); left > 0; left--) await harmless(random.next() < 0.4 ? deeds[0]! : random.pick(deeds))
}

function claimed(input: Awaited<ReturnType<SqlAttemptStore['claim']>>): number | null {
  return input === null || input === 'busy' ? null : input.attempt
}

/** What is refused is refused; anything else is a fault. */
async function harmless(deed: () => Promise<unknown>): Promise<void> {
  try {
    await deed()
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
  }
}

/** The worker that is left when all others are gone. */
async function bringToEnd(importId: string): Promise<void> {
  for (;;) {
    const { status, attempt } = await database.em().findOneOrFail(ImportSessionEntity, { id: importId })
    if (isFinal(status)) return
    if (status === 'cancelling') await store.endCancelled(importId)
    else if (status === 'running') await store.finish(importId, attempt, { status: 'succeeded', ledger })
    else await store.claim(importId, 'last', 1000)
  }
}

it(`a run has one end and no false state, whoever gets hold of it in whatever order (${runs} runs from seed ${first})`, async () => {
  const ends = new Set<string>()
  for (let seed = first; seed < first + runs; seed++) {
    const random = new SeededRandom(seed)
    const importId = `restore_${seed}`
    await database.em().insert(ImportSessionEntity, sessionRow({ id: importId, targetId: null, waitingSince: 1 }))
    const workers = ['one', 'two', 'three'].map(async (name, n) => await worker(importId, name, new SeededRandom(seed * 3 + n)))
    const person = random.next() < 0.3 ? [harmless(async () => await control.cancel(importId, 'a person'))] : []
    await Promise.all([...workers, ...person])
    await bringToEnd(importId)
    const row = await database.em().findOneOrFail(ImportSessionEntity, { id: importId })
    const { events } = await readEvents(database.em(), importId, { after: 0, limit: 100_000 })
    const states = [{ seq: 0, at: '', type: 'status' as const, status: 'queued' as const }, ...events]
    expect({ seed, faults: [...logFaults(events, row.lastSeq, row.logHash), ...falseMoves(states)] }).toEqual({ seed, faults: [] })
    ends.add(row.status)
  }
  // Interleavings that come to the same end would show little.
  expect(ends.size).toBeGreaterThan(2)
})
