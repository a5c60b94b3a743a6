import { randomUUID } from 'node:crypto'
import { importer } from '../../../server/importers/commerce/commerce.ts'
import type { Held, JobFile, JobOutcome } from '../../../server/jobs/importer.ts'
import type { Target } from '../../../server/targets/target.ts'
import { KeepingContext } from '../../support/job-context.ts'
import type { TestDatabase } from '../restore/test-database.ts'

export type Taken = {
  outcome: JobOutcome
  /** What a person is asked, when the run ended with that; the outcome is then that of a run which did nothing. */
  question: Held['question'] | null
  context: KeepingContext
  /** Rows of each entity, as the last line of the log has them: `created` and so on. */
  entities: Record<string, { created: number; changed: number; unchanged: number; deleted: number }>
}

export type TakeSettings = {
  types?: string[]
  options?: Record<string, unknown>
  importId?: string
  attempt?: number
  only?: { file: string; record: number }[]
  context?: KeepingContext
  /** Puts something between the importer and the database. */
  wrap?: (target: Target) => Target
}

const nothing = { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }

const allTypes = ['catalog', 'prices', 'stocks', 'customers']

/** One attempt of an import from 1C, as its thread would run it. What is thrown comes through. */
export async function takeOver(database: TestDatabase, files: JobFile[], settings: TakeSettings = {}): Promise<Taken> {
  const { types = allTypes, options = {}, importId = `commerce_${randomUUID()}`, attempt = 1, only, wrap = (target: Target) => target } = settings
  const context = settings.context ?? new KeepingContext()
  const target = await database.target()
  try {
    const job = { importId, attempt, options: { types, ...options }, files, ...(only && { only }), target: wrap(target) }
    const ended = await importer.run(job, context)
    await context.flush()
    const last = context.lines.findLast(({ message }) => message.startsWith('Done:'))
    const held = ended.status === 'held'
    const outcome: JobOutcome = held ? { status: 'cancelled', ledger: nothing, error: { code: 'cancelled', message: 'held' } } : ended
    return { outcome, question: held ? ended.question : null, context, entities: (last?.data as Pick<Taken, 'entities'> | undefined)?.entities ?? {} }
  } catch (thrown) {
    context.lose()
    throw thrown
  } finally {
    await target.close()
  }
}

/** How many rows of each entity a run wrote. */
export function writtenBy({ entities }: Taken): number {
  return Object.values(entities).reduce((sum, { created, changed, deleted }) => sum + created + changed + deleted, 0)
}
