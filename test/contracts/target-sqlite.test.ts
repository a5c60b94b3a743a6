import type { TargetCapabilities } from '../../server/targets/target.ts'
import { describeSqlite } from './target-sqlite-own.ts'
import { createSqliteSubject } from './target-sqlite-subject.ts'
import { describeTarget } from './target.contract.ts'

const capabilities: TargetCapabilities = { dialect: 'sqlite', transactionalDdl: true, sequences: false, enforcesTypes: false, nulInText: true }

describeTarget({ name: 'SQLite', capabilities, create: createSqliteSubject })

describeSqlite()
