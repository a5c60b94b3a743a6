import { randomUUID } from 'node:crypto'
import { importer } from '../../../server/importers/restore/restore.ts'
import type { JobFile, JobOutcome } from '../../../server/jobs/importer.ts'
import type { Target } from '../../../server/targets/target.ts'
import { KeepingContext } from '../../support/job-context.ts'
import type { TestDatabase } from './test-database.ts'

export type Restored = { outcome: JobOutcome; context: KeepingContext }

export type RestoreSettings = {
  options?: Record<string, unknown>
  attempt?: number
  importId?: string
  only?: { file: string; record: number }[]
  context?: KeepingContext
  /** Puts something between the importer and the database. */
  wrap?: (target: Target) => Target
}

/** One attempt of a restore, as its thread would run it. What is thrown comes through. */
export async function restoreInto(database: TestDatabase, files: JobFile[], settings: RestoreSettings = {}): Promise<Restored> {
  const {
    options = {},
    attempt = 1,
    importId = `restore_${randomUUID()}`,
    only,
    context = new KeepingContext(),
    wrap = (target: Target) => target,
  } = settings
  const target = await database.target()
  try {
    const outcome = await importer.run({ importId, attempt, options, files, ...(only && { only }), target: wrap(target) }, context)
    await context.flush()
    return { outcome, context }
  } catch (thrown) {
    context.lose()
    throw thrown
  } finally {
    await target.close()
  }
}
