import type { Database, EntityManager } from '../../database/database.ts'
import type { AccountRecords } from '../../destinations/account-records.ts'
import { AppError, toAppError } from '../../errors.ts'
import type { DeliveryCounts, DeliveryPatch, DeliveryQuestion, NextDeliveries, OpenAccount, OpenDelivery } from '../../jobs/delivery-book.ts'
import type { Places } from '../../locks/places.ts'
import type { EventDraft, EventLog } from '../../realtime/event-log.ts'
import { deliveryStates } from '../../../shared/protocol/views.ts'
import { DeliveryQueue, pageOfAccount } from './delivery-queue.ts'
import { changeOf, deliveryTables, isOpen, openDeliveryOf, openStates, streamOf } from './delivery-table.ts'
import type { DeliveryRow } from './delivery-table.ts'
import { columnsOf } from './patch-columns.ts'

export type DeskParts = { database: Database; events: EventLog; accounts: AccountRecords; places: Places }
type Run = { importId: string; attempt: number; accounts: { id: string; name: string }[] }

/** Rows of an account that are stopped in one transaction. */
const stopAtOnce = 200
/** Of what may lie at destinations in part, so many are given to a run that was cancelled: it has seconds for them. */
const begunAtOnce = 1000
/** An account whose places others have is looked at again after so long. */
const refusedMs = 200

/** The server's side of an attempt's `DeliveryBook`. Everything that it stores is fenced by the attempt's number. */
export class DeliveryDesk {
  readonly #parts: DeskParts
  readonly #run: Run
  readonly #names: Map<string, string>
  readonly #limits = new Map<string, number>()
  readonly #queue: DeliveryQueue
  #closed = false

  constructor(parts: DeskParts, run: Run) {
    this.#parts = parts
    this.#run = run
    this.#names = new Map(run.accounts.map(({ id, name }) => [id, name]))
    this.#queue = new DeliveryQueue([...this.#names.keys()], async (account, after) => await this.#page(account, after))
  }

  async answer(question: DeliveryQuestion): Promise<unknown> {
    switch (question.ask) {
      case 'counts':
        return await this.#counts()
      case 'next':
        return await this.#next(question.most)
      case 'write':
        return await this.#write(question.patches)
      case 'stop':
        return await this.#stop(question.account, question.error)
      case 'account':
        return await this.#account(question.account)
      case 'begun':
        return await this.#begun()
      case 'turn':
        return await this.#parts.places.turn(question.account, question.lastsMs)
    }
  }

  /** The attempt is over: its places are free. */
  close(): void {
    this.#closed = true
    for (const { id } of this.#run.accounts) for (let left = this.#queue.inHandOf(id); left > 0; left--) void this.#parts.places.give(id)
  }

  async #counts(): Promise<DeliveryCounts> {
    const rows = await this.#tables()
      .selectFrom('bulk_delivery')
      .where('import_id', '=', this.#run.importId)
      .groupBy('state')
      .select(({ fn }) => ['state', fn.countAll<number | string>().as('rows')])
      .execute()
    const counts = Object.fromEntries(deliveryStates.map((state) => [state, 0])) as DeliveryCounts
    for (const { state, rows: count } of rows) counts[state] = Number(count)
    return counts
  }

  async #next(most: number): Promise<NextDeliveries> {
    const { places } = this.#parts
    if (this.#limits.size === 0) for (const { id } of this.#run.accounts) await this.#account(id)
    const limitOf = (account: string) => this.#limits.get(account) ?? 1
    const take = async (account: string): Promise<boolean> => {
      if (!(await places.take(account, limitOf(account)))) return false
      if (!this.#closed) return true
      // Closed meanwhile: nobody else would give it back.
      await places.give(account)
      return false
    }
    const deliveries = await this.#queue.next(most, { limitOf, take })
    return { deliveries, moreInMs: this.#queue.moreInMs(refusedMs) }
  }

  async #page(account: string, afterFile: number): Promise<{ delivery: OpenDelivery; notBefore: number | null }[]> {
    const rows = await this.#tables()
      .selectFrom('bulk_delivery')
      .where('import_id', '=', this.#run.importId)
      .where('account_id', '=', account)
      .where('file', '>', afterFile)
      .where('state', 'in', openStates)
      .where('held', '=', 0)
      .orderBy('file')
      .limit(pageOfAccount)
      .selectAll()
      .execute()
    const resumed = this.#run.attempt > 1
    return rows.map((row) => ({ delivery: openDeliveryOf(row, resumed), notBefore: row.not_before === null ? null : Number(row.not_before) }))
  }

  async #write(patches: DeliveryPatch[]): Promise<(OpenDelivery | null)[]> {
    const rows = patches.map(columnsOf)
    const stored: DeliveryRow[] = []
    const drafts: EventDraft[] = []
    await this.#store(drafts, async (em) => {
      for (const [index, { file, account, from, level, message }] of patches.entries()) {
        const row = await deliveryTables(em)
          .updateTable('bulk_delivery')
          .set({ ...rows[index]!, changed_at: Date.now() })
          .where('import_id', '=', this.#run.importId)
          .where('account_id', '=', account)
          .where('file', '=', file)
          .where('state', '=', from)
          .returningAll()
          .executeTakeFirst()
        if (!row) throw new AppError('fenced', `Delivery ${file} to ${account} is not ${from} any more.`)
        stored.push(row)
        drafts.push({ type: 'log', level, message, stream: this.#streamOf(account), data: { delivery: changeOf(row) } })
      }
    })
    return stored.map((row, index) => this.#afterwards(row, patches[index]!))
  }

  /** The row for the step that comes next; null when it left the hands of the attempt. */
  #afterwards(row: DeliveryRow, { account, result }: DeliveryPatch): OpenDelivery | null {
    const open = isOpen(row.state) ? openDeliveryOf(row, this.#run.attempt > 1) : null
    if (open && result.to !== 'again') return open
    this.#queue.back(account, open && result.to === 'again' ? { delivery: open, at: result.notBefore } : null)
    void this.#parts.places.give(account)
    return null
  }

  async #stop(account: string, error: { code: string; message: string }): Promise<{ stopped: number; copies: string[] }> {
    const { importId } = this.#run
    const copies: string[] = []
    let stopped = 0
    this.#queue.drop(account)
    for (;;) {
      const open = this.#tables()
        .selectFrom('bulk_delivery')
        .where('import_id', '=', importId)
        .where('account_id', '=', account)
        .where('state', 'in', openStates)
        .where('held', '=', 0)
      const rows = await open.orderBy('file').limit(stopAtOnce).selectAll().execute()
      if (rows.length === 0) break
      const drafts: EventDraft[] = []
      await this.#store(drafts, async (em) => {
        for (const row of rows) {
          const keepsCopy = row.state === 'delivered'
          const changed = { state: 'stopped' as const, error: JSON.stringify(error), not_before: null, ...(!keepsCopy && { input_key: null }) }
          const key = deliveryTables(em).updateTable('bulk_delivery').where('import_id', '=', importId).where('account_id', '=', account)
          await key
            .where('file', '=', row.file)
            .set({ ...changed, changed_at: Date.now() })
            .execute()
          const delivery = changeOf({ ...row, ...changed })
          drafts.push({ type: 'log', level: 'error', message: error.message, stream: this.#streamOf(account), data: { delivery } })
          if (row.state === 'copied' && row.input_key !== null) copies.push(row.input_key)
        }
      })
      stopped += rows.length
    }
    for (let left = this.#queue.inHandOf(account); left > 0; left--) {
      this.#queue.back(account, null)
      void this.#parts.places.give(account)
    }
    return { stopped, copies }
  }

  async #begun(): Promise<OpenDelivery[]> {
    const { importId, attempt } = this.#run
    const copied = this.#tables().selectFrom('bulk_delivery').where('import_id', '=', importId).where('state', '=', 'copied').where('held', '=', 0)
    const tried = attempt > 1 ? copied : copied.where('attempts', '>', 0)
    const rows = await tried.orderBy('attempts', 'desc').orderBy('account_id').orderBy('file').limit(begunAtOnce).selectAll().execute()
    return rows.map((row) => openDeliveryOf(row, attempt > 1))
  }

  async #account(id: string): Promise<OpenAccount> {
    try {
      const { limits } = await this.#parts.accounts.get(id)
      this.#limits.set(id, limits.concurrency)
      return { ok: true, place: await this.#parts.accounts.placeOf(id), limits }
    } catch (thrown) {
      const { code, message } = toAppError(thrown)
      if (code === 'internal') throw thrown
      this.#limits.set(id, 1)
      return { ok: false, error: { code, message: code === 'not_found' ? 'This account is no longer there.' : message } }
    }
  }

  async #store(drafts: EventDraft[], within: (em: EntityManager) => Promise<void>): Promise<void> {
    const { importId, attempt } = this.#run
    const stored = await this.#parts.events.write({ importId, expect: { attempt, statuses: ['running', 'cancelling'] }, drafts, before: within })
    if (!stored) throw new AppError('fenced', 'A newer attempt of this run is at work.')
  }

  #streamOf(account: string): string {
    return streamOf(this.#names.get(account) ?? account)
  }

  #tables() {
    return deliveryTables(this.#parts.database.em())
  }
}
