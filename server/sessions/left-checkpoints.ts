import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import { messageOf } from '../errors.ts'
import type { Leases } from '../locks/leases.ts'
import type { Logger } from '../logging/logger.ts'
import type { Target, TargetAddress } from '../targets/target.ts'

export type LeftCheckpointsParts = {
  database: Database
  /** One import at a time for each target. */
  locks: Leases
  addressOf(targetId: string): Promise<TargetAddress>
  /** All targets that lead to the database of this one, itself among them, always in the same order. */
  sharing(targetId: string): Promise<string[]>
  openTarget(address: TargetAddress): Promise<Target>
  log: Logger
}

const lockMs = 30_000
/** A target that can't be reached is asked again after so long, in ms, and then by whoever tidies up. */
const pausesMs = [1_000, 5_000, 15_000, 60_000, 300_000, 900_000]

/** Removes the checkpoints of ended runs from their targets when nobody else is there to do it, also from one that can't be reached at that moment. */
export class LeftCheckpoints {
  readonly #parts: LeftCheckpointsParts
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(parts: LeftCheckpointsParts) {
    this.#parts = parts
  }

  /** Now, or else later. Nobody else may work on the target of that run now. Does not throw. */
  async forget(importId: string, tries = 0): Promise<void> {
    try {
      const targetId = await this.#targetOf(importId)
      if (targetId !== null) await this.#forgetIn(targetId, importId)
    } catch (error) {
      this.#later(importId, tries, messageOf(error))
    }
  }

  /** A stale attempt may have written one into the target of a run that has ended: it goes as soon as nobody works there. Does not throw. */
  async leftBehind(importId: string): Promise<void> {
    try {
      await this.#parts.database.em().nativeUpdate(ImportSessionEntity, { id: importId, endedAt: { $ne: null } }, { markerPending: true })
    } catch (error) {
      this.#parts.log.warn({ importId, reason: messageOf(error) }, 'what a stale attempt left could not be noted')
    }
    await this.#retry(importId, 0)
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #later(importId: string, tries: number, reason: string): void {
    const pause = pausesMs[tries]
    this.#parts.log.warn({ importId, reason, againMs: pause ?? null }, 'the checkpoint of an ended run is still in its target')
    if (pause === undefined) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#retry(importId, tries + 1)
    }, pause)
    this.#timers.add(timer)
  }

  /** By now another run may work there, or this one may be tried again: then its checkpoint is not left behind, but needed. */
  async #retry(importId: string, tries: number): Promise<void> {
    try {
      const targetId = await this.#targetOf(importId)
      if (targetId === null) return
      const [first] = await this.#parts.sharing(targetId)
      const lock = await this.#parts.locks.acquire(`target:${first}`, `forget:${importId}`, lockMs)
      if (!lock) return this.#later(importId, tries, 'another run works on the target')
      try {
        if ((await this.#targetOf(importId)) !== null) await this.#forgetIn(targetId, importId)
      } finally {
        await lock.release()
      }
    } catch (error) {
      this.#later(importId, tries, messageOf(error))
    }
  }

  /** The target of a run that has ended and has left something there, else null. */
  async #targetOf(importId: string): Promise<string | null> {
    const which = { id: importId, markerPending: true, endedAt: { $ne: null } }
    const row = await this.#parts.database.em().findOne(ImportSessionEntity, which, { fields: ['targetId'], disableIdentityMap: true })
    return row?.targetId ?? null
  }

  async #forgetIn(targetId: string, importId: string): Promise<void> {
    const target = await this.#parts.openTarget(await this.#parts.addressOf(targetId))
    try {
      await target.forget(importId)
    } finally {
      await target.close()
    }
    await this.#parts.database.em().nativeUpdate(ImportSessionEntity, { id: importId, endedAt: { $ne: null } }, { markerPending: false })
  }
}
