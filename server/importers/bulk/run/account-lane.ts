import type { AccountLimits } from '../../../../shared/protocol/views.ts'
import type { Destination } from '../../../destinations/destination.ts'
import { openDestination } from '../../../destinations/open-destination.ts'
import { AppError } from '../../../errors.ts'
import type { BulkPorts, DeliveryError } from '../../../jobs/delivery-book.ts'
import type { FileWork } from '../../../storage/file-work.ts'
import { Pace } from './pace.ts'

/** An account's destination, open, with what it may be burdened with. */
export type OpenLane = { destination: Destination; limits: AccountLimits; pace: Pace | null }

/** What is under way to one account: a destination that its deliveries share, and whether it lets anybody in. */
export class AccountLane {
  readonly id: string
  readonly name: string
  readonly #ports: BulkPorts
  readonly #fileWork: FileWork
  readonly #stop = new AbortController()
  #open: Promise<OpenLane> | null = null
  #users = 0
  #stale = false
  #refusal: DeliveryError | null = null

  constructor({ id, name }: { id: string; name: string }, ports: BulkPorts, fileWork: FileWork) {
    this.id = id
    this.name = name
    this.#ports = ports
    this.#fileWork = fileWork
  }

  /** Aborted when the account lets nobody in. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get refusal(): DeliveryError | null {
    return this.#refusal
  }

  /**
   * A delivery of this account, from its first step to its last. Answers whether it was the last one of an account that lets nobody in: then the others of it
   * can be stopped, since nothing is under way that would write their rows.
   */
  async use(work: () => Promise<void>): Promise<'stop' | 'on'> {
    this.#users += 1
    try {
      await work()
    } finally {
      this.#users -= 1
      if (this.#users === 0 && this.#stale) await this.close()
    }
    return this.#users === 0 && this.#refusal ? 'stop' : 'on'
  }

  /** The open destination. Throws why there is none; what can't be changed by waiting is a refused login. */
  async open(): Promise<OpenLane> {
    this.#open ??= this.#opened()
    try {
      return await this.#open
    } catch (thrown) {
      this.#open = null
      throw thrown
    }
  }

  /** The connection broke: once nobody uses it any more, it is opened anew, with the account as it is then. */
  renew(): void {
    this.#stale = true
  }

  /** The account lets nobody in: what is under way stops. */
  refuse(error: DeliveryError): void {
    this.#refusal ??= error
    this.#stop.abort(new AppError(error.code, error.message))
  }

  async close(): Promise<void> {
    const former = this.#open
    // At once: who comes while it is being closed opens another one.
    this.#open = null
    this.#stale = false
    const open = await former?.catch(() => null)
    await open?.destination.close()
  }

  async #opened(): Promise<OpenLane> {
    const account = await this.#ports.book.account(this.id)
    if (!account.ok) throw closed(account.error)
    const { place, limits } = account
    try {
      const destination = await openDestination(place, this.#ports.rules, this.#fileWork)
      const turn = async (lastsMs: number) => await this.#ports.book.turn(this.id, lastsMs)
      return { destination, limits, pace: limits.bytesPerSecond === null ? null : new Pace(turn, limits.bytesPerSecond) }
    } catch (thrown) {
      throw thrown instanceof AppError ? closed(thrown) : thrown
    }
  }
}

/** Why no delivery to an account can succeed until somebody corrects it. */
const closed = ({ code, message }: DeliveryError) => new AppError(code, message, { details: { account: 'closed' } })

/** Whether an error says that the account lets nobody in. */
export function isClosed({ code, details }: AppError): boolean {
  return code === 'destination_login_refused' || details?.['account'] === 'closed'
}

export class AccountLanes {
  readonly #lanes: Map<string, AccountLane>

  constructor(ports: BulkPorts, fileWork: FileWork) {
    this.#lanes = new Map(ports.accounts.map((account) => [account.id, new AccountLane(account, ports, fileWork)]))
  }

  of(account: string): AccountLane {
    const lane = this.#lanes.get(account)
    if (!lane) throw new AppError('internal', `The run has no account ${account}.`)
    return lane
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(async (lane) => await lane.close()))
  }
}
