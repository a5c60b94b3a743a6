import type { BulkOptions } from '../../../../shared/schemas/bulk-options.ts'
import type { BulkPorts, DeliveryPatch } from '../../../jobs/delivery-book.ts'
import type { JobContext } from '../../../jobs/importer.ts'
import type { FileThreads } from '../../../storage/file-threads.ts'
import type { HashThread } from '../../../storage/hash-thread.ts'
import type { Heads } from '../copies/heads.ts'
import type { AccountLanes } from './account-lane.ts'
import type { CheckedFiles } from '../steps/checked-files.ts'
import type { RunProgress } from './run-progress.ts'

/** Everything that the steps of deliveries need. */
export type BulkRun = {
  importId: string
  options: BulkOptions
  ports: BulkPorts
  context: JobContext
  files: CheckedFiles
  fileWork: FileThreads
  hashing: HashThread
  heads: Heads
  lanes: AccountLanes
  progress: RunProgress
}

/** What a step made of its row, and the line that tells of it. */
export type Step = Pick<DeliveryPatch, 'result' | 'level' | 'message'>
