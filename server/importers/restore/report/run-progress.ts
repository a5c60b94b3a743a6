import type { JobContext, ProgressUpdate } from '../../../jobs/importer.ts'
import type { Tally } from './tally.ts'
import { counted } from '../problem.ts'

const steps = [
  { name: 'check', from: 0, to: 25 },
  { name: 'load', from: 25, to: 95 },
  { name: 'verify', from: 95, to: 100 },
] as const

type StepName = (typeof steps)[number]['name']

/** Says how far a run is: percent over all steps, records of this step, and what is being written. */
export class RunProgress {
  readonly #context: JobContext
  /** How many records there are, once they are counted. */
  total: number | null = null
  #percent = 0
  #last: ProgressUpdate | null = null

  constructor(context: JobContext) {
    this.#context = context
  }

  /**
   * @param share how much of the step is done, from 0 to 1
   * @param done records that this step has seen
   */
  show(step: StepName, share: number, done: number, tally: Tally, current?: string): void {
    const index = steps.findIndex(({ name }) => name === step)
    const { from, to } = steps[index] ?? steps[0]
    this.#percent = Math.max(this.#percent, from + (to - from) * Math.min(1, Math.max(0, share)))
    this.#last = {
      percent: this.#percent,
      done,
      total: this.total,
      unit: 'records',
      step: { name: step, index: index + 1, count: steps.length },
      ...(current !== undefined && { current }),
      ledger: tally.ledger(this.total),
    }
    this.#context.progress(this.#last)
  }

  /** The figures stay as they are, and work goes on: what it is about. */
  still(current: string): void {
    if (this.#last) this.#context.progress({ ...this.#last, current })
  }
}

/** `auth.user · 2,389 rows written`. */
export function currentText(label: string, tally: Tally): string {
  return `${label} · ${counted(tally.rows, 'row')} written`
}
