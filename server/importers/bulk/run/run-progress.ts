import { deliveryStates } from '../../../../shared/protocol/views.ts'
import type { DeliveryState, Ledger, SentNow } from '../../../../shared/protocol/views.ts'
import type { DeliveryCounts, DeliveryKey } from '../../../jobs/delivery-book.ts'
import type { JobContext } from '../../../jobs/importer.ts'

const mostShown = 64
/** What all bytes of a delivery count for until the destination has answered, and it was verified. */
const sentShare = 0.9
const finalStates = ['verified', 'failed', 'stopped', 'skipped'] as const

/** How far a run came: by the states of its deliveries, and by what is being sent now. */
export class RunProgress {
  readonly #context: Pick<JobContext, 'progress'>
  readonly #sending = new Map<string, SentNow>()
  #counts: DeliveryCounts

  constructor(context: Pick<JobContext, 'progress'>, counts: DeliveryCounts) {
    this.#context = context
    this.#counts = counts
  }

  get ledger(): Ledger {
    const { verified, failed, skipped } = this.#counts
    const total = this.#total
    return { total, succeeded: verified, failed, skipped, notReached: total - verified - failed - skipped }
  }

  countOf(state: DeliveryState): number {
    return this.#counts[state]
  }

  moved(from: DeliveryState, to: DeliveryState): void {
    this.#counts[from] -= 1
    this.#counts[to] += 1
    this.report()
  }

  /** What was counted anew. */
  recount(counts: DeliveryCounts): void {
    this.#counts = counts
    this.report()
  }

  sent({ file, account }: DeliveryKey, bytes: number, size: number): void {
    this.#sending.set(`${file} ${account}`, { file, account, bytes, size })
    this.report()
  }

  sentAll({ file, account }: DeliveryKey): void {
    this.#sending.delete(`${file} ${account}`)
  }

  report(): void {
    const total = this.#total
    const done = finalStates.reduce((sum, state) => sum + this.#counts[state], 0)
    const sending = [...this.#sending.values()].reduce((sum, { bytes, size }) => sum + (size === 0 ? 0 : Math.min(1, bytes / size)), 0)
    const percent = total === 0 ? 100 : (100 * (done + sentShare * (this.#counts.delivered + sending))) / total
    const deliveries = [...this.#sending.values()].slice(0, mostShown)
    this.#context.progress({ percent, done, total, unit: 'deliveries', deliveries, ledger: this.ledger })
  }

  get #total(): number {
    return deliveryStates.reduce((sum, state) => sum + this.#counts[state], 0)
  }
}
