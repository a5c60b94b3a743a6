import type { Entity } from '../schema/tables.ts'
import type { Outcome } from './states.ts'

export type Counts = Record<Outcome, number>

/** How many rows of each entity were created, changed, unchanged and deleted. */
export class EntityCounts {
  readonly #counts = new Map<Entity, Counts>()

  count(entity: Entity, outcome: Outcome, times = 1): void {
    const counts = this.#counts.get(entity) ?? { created: 0, changed: 0, unchanged: 0, deleted: 0 }
    counts[outcome] += times
    this.#counts.set(entity, counts)
  }

  add(other: EntityCounts): void {
    for (const [entity, counts] of other.#counts) {
      for (const [outcome, times] of Object.entries(counts) as [Outcome, number][]) this.count(entity, outcome, times)
    }
  }

  /** Rows that were written. */
  get written(): number {
    return [...this.#counts.values()].reduce((sum, { created, changed, deleted }) => sum + created + changed + deleted, 0)
  }

  of(entity: Entity): Counts {
    return this.#counts.get(entity) ?? { created: 0, changed: 0, unchanged: 0, deleted: 0 }
  }

  toState(): [Entity, Counts][] {
    return [...this.#counts]
  }

  static fromState(state: [Entity, Counts][]): EntityCounts {
    const counts = new EntityCounts()
    for (const [entity, of] of state) counts.#counts.set(entity, of)
    return counts
  }
}
