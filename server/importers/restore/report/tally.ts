import type { Ledger } from '../../../../shared/protocol/views.ts'
import type { Problem } from '../problem.ts'

type ModelCount = { records: number; rows: number; failed: number }

/** A tally as a checkpoint keeps it. */
export type TallyState = {
  succeeded: number
  failed: number
  rows: number
  models: Record<string, [number, number, number]>
  problem: Problem | null
}

/** What went in and what did not, in all and by model. */
export class Tally {
  succeeded = 0
  failed = 0
  rows = 0
  /** The first reason why something did not go in. */
  problem: Problem | null = null
  readonly models = new Map<string, ModelCount>()

  succeed(label: string, rows: number): void {
    this.succeeded += 1
    this.rows += rows
    const model = this.#model(label)
    model.records += 1
    model.rows += rows
  }

  fail(label: string | undefined, problem: Problem): void {
    this.failed += 1
    this.problem ??= problem
    if (label !== undefined) this.#model(label).failed += 1
  }

  /** Takes over what another tally counted. */
  add(other: Tally): void {
    this.succeeded += other.succeeded
    this.failed += other.failed
    this.rows += other.rows
    this.problem ??= other.problem
    for (const [label, { records, rows, failed }] of other.models) {
      const model = this.#model(label)
      model.records += records
      model.rows += rows
      model.failed += failed
    }
  }

  ledger(total: number | null): Ledger {
    const { succeeded, failed } = this
    return { total, succeeded, failed, skipped: 0, notReached: total === null ? null : Math.max(0, total - succeeded - failed) }
  }

  toState(): TallyState {
    const { succeeded, failed, rows, problem } = this
    const models = Object.fromEntries(
      [...this.models].map(([label, count]) => [label, [count.records, count.rows, count.failed] as [number, number, number]]),
    )
    return { succeeded, failed, rows, models, problem }
  }

  static fromState({ succeeded, failed, rows, models, problem }: TallyState): Tally {
    const tally = new Tally()
    Object.assign(tally, { succeeded, failed, rows, problem })
    for (const [label, [records, modelRows, modelFailed]] of Object.entries(models))
      tally.models.set(label, { records, rows: modelRows, failed: modelFailed })
    return tally
  }

  #model(label: string): ModelCount {
    const known = this.models.get(label)
    if (known) return known
    const count = { records: 0, rows: 0, failed: 0 }
    this.models.set(label, count)
    return count
  }
}
