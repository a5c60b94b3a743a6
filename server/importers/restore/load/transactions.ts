import type { Checkpoint, TargetTransaction } from '../../../targets/target.ts'
import type { RestoreRun } from '../restore-run.ts'
import { commitSurely } from '../../commit-surely.ts'
import { openLoad } from './open-load.ts'

/** The transactions of a run that keeps going: one for each commit, or, in a dry run, one for all that is never committed. */
export class Transactions {
  readonly #run: RestoreRun
  #open: TargetTransaction | null = null
  #begun = false

  constructor(run: RestoreRun) {
    this.#run = run
  }

  /** The open transaction, or a new one; the first does what comes before any record. */
  async begin(): Promise<TargetTransaction> {
    const { target, fence } = this.#run
    this.#open ??= await target.begin(fence)
    if (!this.#begun) await openLoad(this.#run, this.#open)
    this.#begun = true
    return this.#open
  }

  async commit(tx: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    if (this.#run.options.dryRun) return
    this.#open = null
    await commitSurely(this.#run, tx, checkpoint)
  }

  async rollback(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.rollback()
  }
}
