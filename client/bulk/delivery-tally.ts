import type { DeliveryState } from '../../shared/protocol/views.ts'

// Written out, because the schemas would bring their parser into the page; `satisfies` tells when there is a state more.
const places = { waiting: 0, valid: 1, copied: 2, delivered: 3, verified: 4, failed: 5, stopped: 6, skipped: 7 } satisfies Record<
  DeliveryState,
  number
>

/** In the order of the way that a delivery goes; the last four are final. */
export const deliveryWay = Object.keys(places) as DeliveryState[]

/** How many deliveries are in each state: of one account, of one file, or of all. */
export class DeliveryTally {
  readonly #counts = new Int32Array(deliveryWay.length)

  /** All of them wait. */
  constructor(deliveries: number) {
    this.#counts[places.waiting] = deliveries
  }

  of(state: DeliveryState): number {
    return this.#counts[places[state]] ?? 0
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Those of which somebody should look at the reason. */
  get failures(): number {
    return this.of('failed') + this.of('stopped')
  }

  get verified(): number {
    return this.of('verified')
  }

  get final(): number {
    return this.verified + this.failures + this.of('skipped')
  }

  move(from: DeliveryState, to: DeliveryState): void {
    this.#counts[places[from]]!--
    this.#counts[places[to]]!++
  }
}
