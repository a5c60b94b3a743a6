import type { ImportSession } from '../../database/entities.ts'
import type { DestinationRules } from '../../destinations/open-destination.ts'
import { AppError } from '../../errors.ts'
import type { DeliveryQuestion } from '../../jobs/delivery-book.ts'
import type { ThreadInput } from '../../jobs/thread-protocol.ts'
import { DeliveryDesk } from './delivery-desk.ts'
import type { DeskParts } from './delivery-desk.ts'
import { accountsOf } from './read-deliveries.ts'

export type DesksParts = DeskParts & { rules: DestinationRules; mostAtOnce: number; retryMs: number }

/** The desks of the bulk runs that work in this process. */
export class DeliveryDesks {
  readonly #parts: DesksParts
  readonly #desks = new Map<string, { attempt: number; desk: DeliveryDesk }>()

  constructor(parts: DesksParts) {
    this.#parts = parts
  }

  /** Opens the desk of an attempt that was just made; what its thread needs, or null when it is of another kind. */
  async open({ id, kind }: Pick<ImportSession, 'id' | 'kind'>, attempt: number): Promise<ThreadInput['bulk']> {
    if (kind !== 'bulk') return null
    const { database, events, accounts: records, places, rules, mostAtOnce, retryMs } = this.#parts
    const accounts = (await accountsOf(database.em(), id)).map(({ id: account, name }) => ({ id: account, name }))
    const desk = new DeliveryDesk({ database, events, accounts: records, places }, { importId: id, attempt, accounts })
    this.#desks.set(id, { attempt, desk })
    return { accounts, rules, mostAtOnce, retryMs }
  }

  async answer(importId: string, attempt: number, question: DeliveryQuestion): Promise<unknown> {
    const open = this.#desks.get(importId)
    if (open?.attempt !== attempt) throw new AppError('fenced', 'A newer attempt of this run is at work.')
    return await open.desk.answer(question)
  }

  close(importId: string, attempt: number): void {
    const open = this.#desks.get(importId)
    if (open?.attempt !== attempt) return
    this.#desks.delete(importId)
    open.desk.close()
  }
}
