import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe } from 'vitest'
import { openDatabase } from '../../server/database/database.ts'
import { SqlLeases } from '../../server/locks/leases.ts'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { describeLeases } from './leases.contract.ts'

describeLeases({
  name: 'SQLite',
  create: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'intake-leases-'))
    const database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
    const close = async () => {
      await database.close()
      await rm(folder, { recursive: true })
    }
    return { leases: new SqlLeases(database), close }
  },
})

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(!hasPostgres)('with a server', () => {
  describeLeases({
    name: 'PostgreSQL',
    create: async () => {
      const server = await startPostgres()
      if (!server) throw new Error('PostgreSQL is not installed')
      const database = await openDatabase({ type: 'postgresql', url: await server.createDatabase('leases') })
      const close = async () => {
        await database.close()
        await server.stop()
      }
      return { leases: new SqlLeases(database), close }
    },
  })
})
