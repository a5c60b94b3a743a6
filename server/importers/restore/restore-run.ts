import type { Job, JobContext } from '../../jobs/importer.ts'
import type { RestoreOptions } from '../../../shared/schemas/restore-options.ts'
import type { Fence, Table, Target } from '../../targets/target.ts'
import type { Check } from './check/check-files.ts'
import type { Loader } from './load/loader.ts'
import type { Naturals } from './natural/naturals.ts'
import type { Identities } from './plan/identities.ts'
import type { Plans } from './plan/plans.ts'
import type { RunProgress } from './report/run-progress.ts'
import type { Catalog } from './schema/catalog.ts'
import type { RecordSource, Wants } from './source/record-source.ts'

/** Everything that both ways to load need, after the check. */
export type RestoreRun = {
  job: Job
  context: JobContext
  options: RestoreOptions
  target: Target
  fence: Fence
  source: RecordSource
  /** Which records are to be loaded: all, or those of a retry. */
  wants: Wants | undefined
  check: Check
  catalog: Catalog
  newTables: Table[]
  plans: Plans
  naturals: Naturals
  identities: Identities
  loader: Loader
  progress: RunProgress
}
