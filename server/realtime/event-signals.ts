import { EventEmitter, once } from 'node:events'

/** A sleeper looks again after so long even if nothing was heard: what another process stored is not announced here. */
const lookAgainMs = 1000

/** Wakes those who wait for the next event of an import session. */
export class EventSignals {
  readonly #emitter = new EventEmitter()

  constructor() {
    this.#emitter.setMaxListeners(0)
  }

  stored(importId: string): void {
    this.#emitter.emit(importId)
  }

  /** Resolves when something was stored, after a second, or when `gone` aborts. */
  async next(importId: string, gone: AbortSignal): Promise<void> {
    try {
      await once(this.#emitter, importId, { signal: AbortSignal.any([gone, AbortSignal.timeout(lookAgainMs)]) })
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    }
  }
}
