import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import { ExchangeCycleEntity, ImportSessionEntity } from '../../../server/database/entities.ts'
import { SqlLeases } from '../../../server/locks/leases.ts'
import { EventLog } from '../../../server/realtime/event-log.ts'
import { ExchangeStarts } from '../../../server/sessions/exchange/exchange-starts.ts'
import { ReceivedPieces } from '../../../server/sessions/exchange/received-pieces.ts'
import { draftOf } from '../../../server/sessions/import-draft.ts'
import { DiskStorage } from '../../../server/storage/disk-storage.ts'
import { HashThread } from '../../../server/storage/hash-thread.ts'
import { commerceOptions } from '../../../shared/schemas/commerce-options.ts'

it('an import that another call has begun meanwhile is begun, though its files are no longer there', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-begun-'))
  const database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
  const hashing = new HashThread()
  onTestFinished(async () => {
    await hashing.close()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })
  const storage = await DiskStorage.open(folder)
  const options = commerceOptions.parse({ types: ['catalog'] })
  const who = { user: { id: 'user', loginId: null }, requestId: 'request', idempotencyKey: undefined, receivedAt: 1 }
  const run = draftOf({ kind: 'commerce', targetId: null, options, files: [], ...who })
  await database.em().insert(ImportSessionEntity, run)
  const cycle = {
    importId: run.id,
    userId: 'user',
    loginId: 'login',
    type: 'catalog',
    pieces: 1,
    bytes: 1,
    resultId: null,
    createdAt: 1,
    seenAt: 1,
  } as const
  await database.em().insert(ExchangeCycleEntity, { ...cycle, closed: true })
  const enqueued: string[] = []
  const starts = new ExchangeStarts({
    database,
    events: new EventLog(database, () => undefined),
    storage,
    hashing,
    pieces: new ReceivedPieces({ database, storage, maxBytes: 1000 }),
    leases: new SqlLeases(database),
    worker: 'late',
    enqueue: async (importId) => void enqueued.push(importId),
  })
  // As it was when it was looked at.
  await starts.begin({ ...cycle, closed: false })
  expect(enqueued).toEqual([])
})
