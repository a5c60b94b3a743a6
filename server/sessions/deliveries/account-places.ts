/** What the accounts are burdened with by the runs of this process: deliveries under way by account, and the meter of its rate. Runs of other processes are not counted. */
export class AccountPlaces {
  readonly #taken = new Map<string, number>()
  readonly #meters = new Map<string, SharedArrayBuffer>()

  taken(account: string): number {
    return this.#taken.get(account) ?? 0
  }

  take(account: string): void {
    this.#taken.set(account, this.taken(account) + 1)
  }

  give(account: string): void {
    const left = this.taken(account) - 1
    if (left > 0) this.#taken.set(account, left)
    else this.#taken.delete(account)
  }

  /** Eight bytes that the threads of all runs share: when, in µs of the process's clock, the account's rate allows the next byte. */
  meterOf(account: string): SharedArrayBuffer {
    const meter = this.#meters.get(account) ?? new SharedArrayBuffer(8)
    this.#meters.set(account, meter)
    return meter
  }
}
