/**
 * Tells when nothing was heard for a while, and again each time as long passes. What a server that died stored and did not tell is told by nobody else: who
 * shows it as going on has to ask.
 */
export class Quiet {
  readonly #afterMs: number
  readonly #tell: () => void
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(afterMs: number, tell: () => void) {
    this.#afterMs = afterMs
    this.#tell = tell
  }

  /** Something was heard: begins to wait anew. */
  heard(): void {
    this.stop()
    this.#timer = setInterval(this.#tell, this.#afterMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
