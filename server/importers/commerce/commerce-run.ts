import type { CommerceOptions, CommerceType } from '../../../shared/schemas/commerce-options.ts'
import type { Job, JobContext } from '../../jobs/importer.ts'
import type { Fence, Table, Target } from '../../targets/target.ts'
import type { Survey } from './check/survey.ts'
import type { RunProgress } from './report/run-progress.ts'
import type { CommerceTables } from './schema/tables.ts'
import type { Spool } from './spool/spool.ts'

/** What is known of a run before its files are read. */
export type RunParts = {
  job: Job
  context: JobContext
  options: CommerceOptions
  /** The chosen types in the order in which they are done. */
  types: CommerceType[]
  target: Target
  fence: Fence
  tables: CommerceTables
  /** Tables that are to be made. */
  missing: Table[]
  progress: RunProgress
}

/** Everything that the steps need. */
export type CommerceRun = RunParts & {
  survey: Survey
  /** What the files say to the steps. */
  spool: Spool
}
