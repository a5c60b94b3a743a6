import { afterAll, beforeAll, describe } from 'vitest'
import type { TargetCapabilities } from '../../server/targets/target.ts'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { describePostgres } from './target-postgresql-own.ts'
import { createPostgresSubject } from './target-postgresql-subject.ts'
import { describeTarget } from './target.contract.ts'

const capabilities: TargetCapabilities = { dialect: 'postgresql', transactionalDdl: true, sequences: true, enforcesTypes: true, nulInText: false }

describe.skipIf(!hasPostgres)('with PostgreSQL', () => {
  let server: TestPostgres | null = null

  beforeAll(async () => {
    server = await startPostgres()
  })

  afterAll(async () => {
    await server?.stop()
  })

  describeTarget({ name: 'PostgreSQL', capabilities, create: async () => await createPostgresSubject(server as TestPostgres) })

  describePostgres(async () => await createPostgresSubject(server as TestPostgres))
})
