import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import type { Database } from '../../../server/database/database.ts'
import { ImportSessionEntity } from '../../../server/database/entities.ts'
import { readRunAges } from '../../../server/sessions/run-ages.ts'
import { sessionRow } from '../../support/session-row.ts'

const hour = 3_600_000
let folder: string
let database: Database
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'intake-ages-'))
  database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

it('tells how long the oldest run waits, and the oldest that is said to run without a worker, whoever should have seen to it', async () => {
  expect(await readRunAges(database)).toEqual({ queued: 0, unleased: 0 })
  const [now, em] = [Date.now(), database.em()]
  await em.insertMany(ImportSessionEntity, [
    sessionRow({ id: 'waits', waitingSince: now - hour }),
    sessionRow({ id: 'asks-a-person', waitingSince: null, createdAt: now - 9 * hour }),
    sessionRow({ id: 'works', status: 'running', worker: 'w', leasedUntil: now + hour }),
    sessionRow({ id: 'is-left', status: 'running', worker: 'w', leasedUntil: now - 2 * hour }),
    sessionRow({ id: 'ended', status: 'failed', activeKey: null, leasedUntil: now - 9 * hour, endedAt: now }),
  ])
  const { queued, unleased } = await readRunAges(database)
  expect([queued, unleased].map((age) => Math.floor(age / hour))).toEqual([1, 2])
})
