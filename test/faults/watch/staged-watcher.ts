import { PageWatcher } from '../../support/page-watcher.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { adminLogin, adminPassword } from '../../support/start-app.ts'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import type { CuttingProxy } from './cutting-proxy.ts'

/** What a page had seen when it was closed, from after the event `after`. */
export type Seen = { who: string; after: number; events: StoredEvent[] }

/** A person with a page open, behind a network of their own: logs in again when the page says that it has to be, and reloads it. */
export class StagedWatcher {
  readonly who: string
  readonly proxy: CuttingProxy
  readonly #api: ApiClient
  readonly #importId: string
  /** Resolves while the server is up. */
  readonly #serverUp: () => Promise<void>
  readonly #closedPages: Seen[] = []
  #page: PageWatcher
  #after: number

  constructor(parts: {
    who: string
    proxy: CuttingProxy
    api: ApiClient
    importId: string
    token: string | undefined
    after: number
    serverUp: () => Promise<void>
  }) {
    this.who = parts.who
    this.proxy = parts.proxy
    this.#api = parts.api
    this.#importId = parts.importId
    this.#serverUp = parts.serverUp
    this.#after = parts.after
    this.#page = new PageWatcher(parts.api, parts.importId, { after: parts.after, ...(parts.token !== undefined && { token: parts.token }) })
  }

  get api(): ApiClient {
    return this.#api
  }

  /** All pages, the one that is open last. */
  get seen(): Seen[] {
    return [...this.#closedPages, { who: this.who, after: this.#after, events: this.#page.events }]
  }

  /** Every state that the open page was in, and `token` for each one that it got. */
  get met(): string[] {
    return [...this.#page.states, ...this.#page.granted.map(() => 'token')]
  }

  get state(): string {
    return `${this.who}: ${this.#page.states.slice(-8).join(', ')} with ${this.#page.events.length} events`
  }

  /** A new page with what the browser keeps; it shows the log from its beginning. */
  reload(): void {
    this.#page.watch.close()
    this.#closedPages.push({ who: `${this.who}, before a reload`, after: this.#after, events: this.#page.events })
    this.#after = 0
    this.#page = new PageWatcher(this.#api, this.#importId, { tokens: this.#page.tokens })
  }

  nudge(): void {
    this.#page.watch.nudge()
  }

  close(): void {
    this.#page.watch.close()
  }

  async untilSeen(seq: number): Promise<void> {
    await this.#logsInAgainUntil((page) => page.state === 'ended' || this.#after + page.events.length >= seq)
  }

  async untilEnd(): Promise<void> {
    await this.#logsInAgainUntil((page) => page.state === 'ended')
  }

  async #logsInAgainUntil(done: (page: PageWatcher) => boolean): Promise<void> {
    const page = this.#page
    for (;;) {
      await page.until(() => done(page) || page.state === 'unauthorized')
      if (done(page)) return
      await this.#serverUp()
      await logIn(this.#api)
      page.watch.resume()
    }
  }
}

/** Logs in over a network that may have been cut a moment ago: what is sent over a connection that is about to be found dead fails. */
export async function logIn(api: ApiClient): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await api.login(adminLogin, adminPassword)
      return
    } catch (error) {
      // What `fetch` throws when nothing was answered.
      if (!(error instanceof TypeError) || tries === 5) throw error
    }
  }
}
