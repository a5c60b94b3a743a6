import { afterEach, beforeEach, describe } from 'vitest'
import { openTargetApart } from '../../server/targets/registry.ts'
import { createSqliteSubject } from './target-sqlite-subject.ts'
import type { TargetSubject } from './target-subject.ts'
import { describeWriting } from './target-writing.ts'

// What a driver does in a thread is what it does without; whether calls, errors and savepoints get through shows in this part of the contract.
describe('a target in SQLite in a thread of its own', () => {
  let current: TargetSubject | null = null
  const subject = (): TargetSubject => {
    if (!current) throw new Error('the subject is there while a test runs')
    return current
  }

  beforeEach(async () => {
    current = await createSqliteSubject(openTargetApart)
  })

  afterEach(async () => {
    await current?.close()
    current = null
  })

  describeWriting(subject)
})
