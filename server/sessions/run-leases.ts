import { databaseNow } from '../database/database-clock.ts'
import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { RunLeases, RunState } from '../jobs/held-runs.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

const worked: SessionStatus[] = ['running', 'cancelling']

/** Who works on which run, and until when that is believed: columns of the run's own row, by the database's clock. */
export class SqlRunLeases implements RunLeases {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async extend(worker: string, importIds: string[], leaseMs: number): Promise<void> {
    const until = databaseNow(this.#database.dialect, leaseMs)
    await this.#database.em().nativeUpdate(ImportSessionEntity, { id: { $in: importIds }, worker, status: { $in: worked } }, { leasedUntil: until })
  }

  async look(importIds: string[]): Promise<Map<string, RunState>> {
    const rows = await this.#database
      .em()
      .find(ImportSessionEntity, { id: { $in: importIds } }, { fields: ['id', 'attempt', 'status', 'worker'], disableIdentityMap: true })
    return new Map(rows.map(({ id, attempt, status, worker }) => [id, { attempt, status, worker: worker ?? null }]))
  }

  /** Whether somebody is believed to work on that run. */
  async isHeld(importId: string): Promise<boolean> {
    const held = { id: importId, leasedUntil: { $gt: databaseNow(this.#database.dialect) } }
    return (await this.#database.em().count(ImportSessionEntity, held)) > 0
  }

  /** Runs that are said to be worked on while nobody is believed to: their lease ended. */
  async ended(): Promise<{ id: string; attempt: number }[]> {
    return await this.#find({ $or: [{ leasedUntil: null }, { leasedUntil: { $lte: databaseNow(this.#database.dialect) } }] })
  }

  /** Runs that are said to be worked on by this worker. */
  async of(worker: string): Promise<{ id: string; attempt: number }[]> {
    return await this.#find({ worker })
  }

  /** Ends all leases: for the one process that has just found itself alone. */
  async endAll(): Promise<void> {
    await this.#database.em().nativeUpdate(ImportSessionEntity, { leasedUntil: { $ne: null } }, { leasedUntil: null })
  }

  async #find(which: object): Promise<{ id: string; attempt: number }[]> {
    const rows = await this.#database
      .em()
      .find(ImportSessionEntity, { status: { $in: worked }, ...which }, { fields: ['id', 'attempt'], disableIdentityMap: true })
    return rows.map(({ id, attempt }) => ({ id, attempt }))
  }
}
