/** A place in the work of a test that waits until the test lets it go on. */
export class Gate {
  readonly #reached = Promise.withResolvers<void>()
  readonly #opened = Promise.withResolvers<void>()

  /** Resolves when somebody waits at it. */
  readonly reached = this.#reached.promise

  open(): void {
    this.#opened.resolve()
  }

  async pass(): Promise<void> {
    this.#reached.resolve()
    await this.#opened.promise
  }
}
