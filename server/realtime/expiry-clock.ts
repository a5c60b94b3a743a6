/** A timer can't wait longer than this many milliseconds. */
const longestTimer = 2 ** 31 - 1

/**
 * Calls back for each holder shortly before its right ends: at four fifths of what is left, so that there is time to renew, and at the end itself
 * when it was not renewed (`setFinal`).
 */
export class ExpiryClock<T extends object> {
  readonly #due: (holder: T) => void
  readonly #timers = new Map<T, NodeJS.Timeout>()

  constructor(due: (holder: T) => void) {
    this.#due = due
  }

  set(holder: T, expiresAt: number): void {
    const left = expiresAt - Date.now()
    this.#arm(holder, left * 0.8)
  }

  setFinal(holder: T, expiresAt: number): void {
    this.#arm(holder, expiresAt - Date.now())
  }

  forget(holder: T): void {
    clearTimeout(this.#timers.get(holder))
    this.#timers.delete(holder)
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #arm(holder: T, ms: number): void {
    clearTimeout(this.#timers.get(holder))
    const wait = Math.min(Math.max(ms, 0), longestTimer)
    this.#timers.set(
      holder,
      setTimeout(() => this.#due(holder), wait),
    )
  }
}
