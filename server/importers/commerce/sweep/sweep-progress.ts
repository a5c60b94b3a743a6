import type { Ledger } from '../../../../shared/protocol/views.ts'
import type { JobContext } from '../../../jobs/importer.ts'

/** Reading the files takes about half, in percent. */
export const readShare = 50

type Shown = { percent: number; done: number; total: number | null; current?: string }

/** Says how far a run is that switches goods off. */
export function tellSweep(context: JobContext, name: 'check' | 'deactivate', shown: Shown, ledger: Ledger): void {
  context.progress({ ...shown, unit: 'records', step: { name, index: name === 'check' ? 1 : 2, count: 2 }, ledger })
}
