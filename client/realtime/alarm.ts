/** A wait that someone may end early. Rung while nobody waits, it ends the next wait at once: no wake-up is lost. */
export class Alarm {
  #end: (() => void) | undefined
  #rung = false

  /** Waits so long, or until `ring`; without a time until `ring` alone. An abort ends it too. Answers whether it was rung. */
  async wait(signal: AbortSignal, ms?: number): Promise<boolean> {
    if (!this.#rung && !signal.aborted) await this.#sleep(signal, ms)
    const rung = this.#rung
    this.#rung = false
    return rung
  }

  /** Ends the wait. */
  ring(): void {
    this.#rung = true
    this.#end?.()
  }

  /** Forgets that it was rung: what follows has begun after it. */
  reset(): void {
    this.#rung = false
  }

  async #sleep(signal: AbortSignal, ms: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        this.#end = undefined
        resolve()
      }
      const timer = ms === undefined ? undefined : setTimeout(end, ms)
      this.#end = end
      signal.addEventListener('abort', end, { once: true })
    })
  }
}
