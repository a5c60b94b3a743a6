import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import type { Database } from '../../../server/database/database.ts'
import { LeaseEntity } from '../../../server/database/entities.ts'
import { toAppError } from '../../../server/errors.ts'

let folder: string
let database: Database
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'intake-full-'))
  database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true, force: true })
})

const pragma = async (text: string) => await database.em().getConnection().execute<Record<string, number>[]>(`PRAGMA ${text}`)
const owner = 'x'.repeat(100_000)
const fill = async (keys: string[]) =>
  await database.em().transactional(async (em) => {
    for (const key of keys) await em.insert(LeaseEntity, { key, owner, expiresAt: 1 })
  })

it('an SQLite app database that is full says so, undoes what was begun, and goes on when there is room', async () => {
  const pages = (await pragma('page_count'))[0]!['page_count']!
  await pragma(`max_page_count = ${pages + 40}`)
  const keys = Array.from({ length: 10 }, (_none, n) => `lease ${n}`)
  // Several at once: those that wait for the connection get it.
  const refused = await Promise.all([fill(keys), fill(keys)].map(async (filling) => await filling.catch((error: unknown) => toAppError(error))))
  for (const error of refused) expect(error).toMatchObject({ code: 'storage_full', status: 507, retryable: true })
  expect(await database.em().count(LeaseEntity, {})).toBe(0)
  await pragma(`max_page_count = ${pages + 4000}`)
  await fill(keys)
  expect(await database.em().count(LeaseEntity, {})).toBe(keys.length)
})
