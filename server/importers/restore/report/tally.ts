import type { Ledger } from '../../../../shared/protocol/views.ts'
import type { Problem } from '../problem.ts'

type ModelCount = { records: number; rows: number; failed: number }

/** Records of one model that were rejected for one kind of reason, and the first such reason. */
type Reason = { label: string; count: number; first: Problem }

/** A tally as a checkpoint keeps it. */
export type TallyState = {
  succeeded: number
  failed: number
  rows: number
  models: [string, ModelCount][]
  reasons: [string, Reason][]
  problem: Problem | null
}

/** Kinds of reasons that are told apart; the list of rejected records has all. */
const mostReasons = 200

/** What went in and what did not, in all and by model. */
export class Tally {
  succeeded = 0
  failed = 0
  rows = 0
  /** The first reason why something did not go in. */
  problem: Problem | null = null
  readonly models = new Map<string, ModelCount>()
  readonly reasons = new Map<string, Reason>()

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
    this.#count({ label: label ?? 'records', count: 1, first: problem })
  }

  /** Takes over what another tally counted. */
  add(other: Tally): void {
    this.succeeded += other.succeeded
    this.failed += other.failed
    this.rows += other.rows
    this.problem ??= other.problem
    for (const reason of other.reasons.values()) this.#count(reason)
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
    const { succeeded, failed, rows, problem, models, reasons } = this
    return { succeeded, failed, rows, models: [...models], reasons: [...reasons], problem }
  }

  static fromState({ succeeded, failed, rows, models, reasons, problem }: TallyState): Tally {
    const tally = new Tally()
    Object.assign(tally, { succeeded, failed, rows, problem })
    for (const [label, count] of models) tally.models.set(label, count)
    for (const [kind, reason] of reasons) tally.reasons.set(kind, reason)
    return tally
  }

  #count({ label, count, first }: Reason): void {
    const kind = `${label}\0${first.code}`
    const known = this.reasons.get(kind)
    if (known) known.count += count
    else if (this.reasons.size < mostReasons) this.reasons.set(kind, { label, count, first })
  }

  #model(label: string): ModelCount {
    const known = this.models.get(label)
    if (known) return known
    const count = { records: 0, rows: 0, failed: 0 }
    this.models.set(label, count)
    return count
  }
}
