import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import type { Ledger } from '../../../../shared/protocol/views.ts'
import { EntityCounts } from '../load/entity-counts.ts'
import type { Counts } from '../load/entity-counts.ts'
import type { RecordKind } from '../read/record.ts'
import type { Entity } from '../schema/tables.ts'

type Problem = { code: ErrorCode; message: string }

export type TallyState = {
  succeeded: number
  failed: number
  skipped: number
  pending: number
  orphans: number
  mentioned: number
  entities: [Entity, Counts][]
  rejected: [RecordKind, number][]
  problem: Problem | null
}

/** What became of the records of a run, and of the rows. A record counts in each chosen step that has something to do with it. */
export class Tally {
  succeeded = 0
  failed = 0
  /** Looked at and not written: it waits for its offer, or was refused by a step before. */
  skipped = 0
  /** Records whose prices or stocks wait for an offer. */
  pending = 0
  /** Offers of no product that is known. */
  orphans = 0
  /** Units that were made because goods have them. */
  mentioned = 0
  /** The first reason why something did not go in. */
  problem: Problem | null = null
  entities = new EntityCounts()
  readonly rejected = new Map<RecordKind, number>()
  /** By how many the live rows of an entity became more since that was last kept. */
  readonly live = new Map<Entity, number>()

  fail(kind: RecordKind, problem: Problem): void {
    this.failed += 1
    this.problem ??= problem
    this.rejected.set(kind, (this.rejected.get(kind) ?? 0) + 1)
  }

  addLive(more: Map<Entity, number>): void {
    for (const [entity, delta] of more) this.live.set(entity, (this.live.get(entity) ?? 0) + delta)
  }

  get done(): number {
    return this.succeeded + this.failed + this.skipped
  }

  ledger(total: number | null): Ledger {
    const { succeeded, failed, skipped } = this
    return { total, succeeded, failed, skipped, notReached: total === null ? null : Math.max(0, total - this.done) }
  }

  toState(): TallyState {
    const { succeeded, failed, skipped, pending, orphans, mentioned, problem, entities, rejected } = this
    return { succeeded, failed, skipped, pending, orphans, mentioned, problem, entities: entities.toState(), rejected: [...rejected] }
  }

  static fromState({ entities, rejected, ...figures }: TallyState): Tally {
    const tally = new Tally()
    Object.assign(tally, figures)
    tally.entities = EntityCounts.fromState(entities)
    for (const [kind, count] of rejected) tally.rejected.set(kind, count)
    return tally
  }
}
