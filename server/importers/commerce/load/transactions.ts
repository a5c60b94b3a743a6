import type { Checkpoint, TargetTransaction } from '../../../targets/target.ts'
import { commitSurely } from '../../commit-surely.ts'
import type { RunParts } from '../commerce-run.ts'
import { makeTables } from '../schema/open-tables.ts'

/** The transactions of a run, one after the other. The first makes the tables that are missing. */
export class Transactions {
  readonly #run: RunParts
  #open: TargetTransaction | null = null
  #made = false

  constructor(run: RunParts) {
    this.#run = run
  }

  async begin(): Promise<TargetTransaction> {
    if (this.#open) return this.#open
    this.#open = await this.#run.target.begin(this.#run.fence)
    if (!this.#made) await makeTables(this.#open, this.#run.missing)
    this.#made = true
    return this.#open
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    const tx = await this.begin()
    this.#open = null
    await commitSurely(this.#run, tx, checkpoint)
  }

  async rollback(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.rollback()
  }
}
