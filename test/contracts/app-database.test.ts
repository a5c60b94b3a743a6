import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe } from 'vitest'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { describeAppDatabase } from './app-database.contract.ts'

describeAppDatabase({
  name: 'SQLite',
  create: async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'intake-database-'))
    return { address: { type: 'sqlite', file: path.join(folder, 'intake.db') }, close: async () => await rm(folder, { recursive: true }) }
  },
})

// Where PostgreSQL is not installed these are named as skipped.
describe.skipIf(!hasPostgres)('with a server', () => {
  describeAppDatabase({
    name: 'PostgreSQL',
    create: async () => {
      const server = await startPostgres()
      if (!server) throw new Error('PostgreSQL is not installed')
      return { address: { type: 'postgresql', url: await server.createDatabase('app') }, close: async () => await server.stop() }
    },
  })
})
