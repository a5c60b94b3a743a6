import { setTimeout as delay } from 'node:timers/promises'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { openSocket, watch } from '../../support/watcher.ts'
import type { WatchSocket } from '../../support/watcher.ts'

/** Comes back after so long when it was not let in or cut off, in ms; half of it is chance. */
const comeBackMs = 2_000

/** Watches a run by sockets and keeps nothing of it: for crowds. Asks for pages from `last` on, and checks that what comes follows it. */
export class ReplayingSocket {
  /** `seq` of the last event that came in its turn. */
  last = 0
  /** What came out of turn. */
  readonly faults: string[] = []
  readonly #url: string
  readonly #importId: string
  readonly #token: string
  #socket: WatchSocket | undefined

  constructor(url: string, importId: string, token: string) {
    this.#url = url
    this.#importId = importId
    this.#token = token
  }

  /** Resolves when everything up to `seq` is here, however often it takes to come back for it. */
  async replay(seq: number): Promise<void> {
    while (this.last < seq) {
      if (!(await this.#connect())) await delay(comeBackMs * (0.5 + Math.random() / 2))
      else while (this.last < seq && (await this.#ask())) continue
    }
  }

  close(): void {
    this.#socket?.disconnect()
  }

  async #connect(): Promise<boolean> {
    this.close()
    const socket = openSocket(this.#url, { token: this.#token })
    this.#socket = socket
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('connect_error', () => resolve(false))
    })
  }

  async #ask(): Promise<boolean> {
    const answer = await watch(this.#socket!, { importId: this.#importId, after: this.last }).catch(() => null)
    if (!answer?.ok) return false
    this.#take(answer.events)
    return true
  }

  #take(events: StoredEvent[]): void {
    for (const { seq } of events) {
      if (seq !== this.last + 1) this.faults.push(`event ${seq} after ${this.last}`)
      this.last = seq
    }
  }
}
