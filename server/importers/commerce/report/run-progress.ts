import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext, ProgressUpdate } from '../../../jobs/importer.ts'
import type { Tally } from './tally.ts'

/** The first reading takes about a fifth of a run. */
const checkShare = 20

/** Says how far a run is: percent over all steps, records of this step, and what is being read. */
export class RunProgress {
  readonly #context: JobContext
  readonly #steps: readonly ('check' | CommerceType)[]
  /** How many records the chosen steps have, once they are counted. */
  total: number | null = null
  #percent = 0

  constructor(context: JobContext, types: CommerceType[]) {
    this.#context = context
    this.#steps = ['check', ...types]
  }

  /** @param share how much of the files is read, from 0 to 1 */
  checking(share: number, records: number, file: string): void {
    this.#show(
      'check',
      share * checkShare,
      { done: records, total: null, current: file },
      { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null },
    )
  }

  /** @param step how many of the records of this step are done, and how many it has */
  loading(type: CommerceType, step: { done: number; total: number }, tally: Tally, file: string): void {
    const { total } = this
    const share = total ? tally.done / total : 1
    this.#show(type, checkShare + share * (100 - checkShare), { ...step, current: file }, tally.ledger(total))
  }

  #show(
    name: 'check' | CommerceType,
    percent: number,
    figures: { done: number; total: number | null; current: string },
    ledger: ProgressUpdate['ledger'],
  ): void {
    this.#percent = Math.max(this.#percent, Math.min(100, percent))
    const step = { name, index: this.#steps.indexOf(name) + 1, count: this.#steps.length }
    this.#context.progress({ percent: this.#percent, ...figures, unit: 'records', step, ledger })
  }
}
