import type { ImportView, StoredEvent } from '../../../shared/protocol/views.ts'
import type { FaultTarget } from '../restore/fault-target.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Faults } from './check-run.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterRun } from './run.ts'
import type { Engine, Surroundings } from './surroundings.ts'

/** A random moment of a run, and everything that can be done to it. `run` is the one whose moment it is, into `target`; others go on beside it. */
export type Moment = { cluster: Cluster; surroundings: Surroundings; run: ClusterRun; target: FaultTarget; runs: ClusterRun[]; random: SeededRandom }

/** A fault that restores are put through, at random moments. */
export type Scenario = {
  name: string
  engines: Engine[]
  /** What it takes away from those who watch is back when it resolves. */
  disturb(moment: Moment): Promise<void>
  /** Only moments before the run writes. */
  early?: boolean
  /** More that has to hold of a run afterwards. */
  check?(run: { view: ImportView; events: StoredEvent[]; faults: Faults }): void
  /** Longest that runs may take after it, in ms. */
  limitMs?: number
}
