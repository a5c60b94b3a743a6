import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { AppDatabase } from '../../server/config/config.ts'
import { openDatabase } from '../../server/database/database.ts'
import type { Database } from '../../server/database/database.ts'
import { SqlLeases } from '../../server/locks/leases.ts'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { describeLeases } from './leases.contract.ts'
import type { LeasesSubject } from './leases.contract.ts'

async function open(address: AppDatabase, closed: () => Promise<void>): Promise<LeasesSubject> {
  const opened: Database[] = []
  const again = async () => {
    const database = await openDatabase(address)
    opened.push(database)
    return new SqlLeases(database)
  }
  const leases = await again()
  const close = async () => {
    for (const database of opened) await database.close()
    await closed()
  }
  return { leases, again, wipe: async () => await leases.clear(), close }
}

const sqlite = async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-leases-'))
  return await open({ type: 'sqlite', file: path.join(folder, 'intake.db') }, async () => await rm(folder, { recursive: true }))
}

const postgresql = async () => {
  const server = await startPostgres()
  if (!server) throw new Error('PostgreSQL is not installed')
  return await open({ type: 'postgresql', url: await server.createDatabase('leases') }, async () => await server.stop())
}

/** A process whose clock is hours off may neither take what others hold nor lose what is its own. */
function describeClocks(name: string, create: () => Promise<LeasesSubject>): void {
  it.each([3, -3])(`leases in ${name} do not ask a process for the time, which may be %i hours off`, async (hours) => {
    const subject = await create()
    try {
      const held = await subject.leases.acquire('target:1', 'a', 60_000)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 })
      expect(await subject.leases.acquire('target:1', 'b', 60_000)).toBeNull()
      expect(await held!.renew()).toBe(true)
      await subject.leases.acquire('target:2', 'b', 60_000)
      vi.useRealTimers()
      expect(await subject.leases.acquire('target:1', 'b', 60_000)).toBeNull()
      expect(await subject.leases.acquire('target:2', 'a', 60_000)).toBeNull()
    } finally {
      vi.useRealTimers()
      await subject.close()
    }
  })
}

describeLeases({ name: 'SQLite', create: sqlite })
describeClocks('SQLite', sqlite)

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(!hasPostgres)('with a server', () => {
  describeLeases({ name: 'PostgreSQL', create: postgresql })
  describeClocks('PostgreSQL', postgresql)
})
