import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import Database from 'better-sqlite3'
import { openTargetApart } from '../../server/targets/registry.ts'
import { createSqliteSubject } from './target-sqlite-subject.ts'
import type { SqliteSubject } from './target-sqlite-subject.ts'
import { book, fence, openWithTables } from './target-subject.ts'
import { describeWriting } from './target-writing.ts'

// What a driver does in a thread is what it does without; whether calls, errors and savepoints get through shows in this part of the contract.
describe('a target in SQLite in a thread of its own', () => {
  let current: SqliteSubject | null = null
  const subject = (): SqliteSubject => {
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

  it('has everything in its file, without its log, when the last commit is done', async () => {
    const target = await openWithTables(subject())
    // The second commit comes while the log of the first is brought in.
    for (const count of [60_000, 1]) {
      const transaction = await target.begin(fence)
      const rows = Array.from({ length: count }, (_, row) => [count + row, 'x'.repeat(400)])
      await transaction.write({ table: book, columns: ['id', 'title'], rows })
      await transaction.commit({ done: count === 1, state: null })
    }
    const alone = join(subject().folder, 'alone.db')
    copyFileSync(subject().file, alone)
    const copy = new Database(alone, { readonly: true })
    expect(copy.prepare('SELECT count(*) FROM book').pluck().get()).toBe(60_001)
    copy.close()
  })
})
