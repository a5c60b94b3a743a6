import { setTimeout as delay } from 'node:timers/promises'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView, StoredEvent } from '../../../shared/protocol/views.ts'
import { isFinal } from '../../../shared/session-status.ts'
import { ApiClient } from '../../support/api-client.ts'
import type { StartOptions } from '../../support/api-client.ts'
import { PageWatcher } from '../../support/page-watcher.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { bounded, persistently } from './bounded.ts'
import type { Cluster } from './cluster.ts'
import { ReturningSocket } from './returning-socket.ts'

/** What all who watched saw, by names. */
export type Seen = { who: string; events: StoredEvent[] }

/** One import session in a cluster, with people who watch it: a page at each process that serves, and one who has sockets alone. */
export class ClusterRun {
  readonly importId: string
  readonly socket: ReturningSocket
  /** Where the socket is, and by what right. */
  readonly socketAt: { url: string; token: string }
  readonly #cluster: Cluster
  readonly #pages: { who: string; page: PageWatcher }[]

  private constructor(cluster: Cluster, importId: string, token: string, socketAt: string) {
    this.#cluster = cluster
    this.importId = importId
    this.#pages = cluster.names('serve').map((name) => ({
      who: `page at ${name}`,
      page: new PageWatcher(new ApiClient(cluster.url(name)), importId, { token }),
    }))
    this.socketAt = { url: cluster.url(socketAt), token }
    this.socket = new ReturningSocket(this.socketAt.url, importId, token)
  }

  /** Starts it at one of the processes, and watches it at all of them. */
  static async start(cluster: Cluster, random: SeededRandom, content: string, options: StartOptions): Promise<ClusterRun> {
    const api = await cluster.admin(random.pick(cluster.names('serve')))
    const { status, text, body } = await api.start(content, options)
    if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
    return new ClusterRun(cluster, body.import.id, body.watch.token, random.pick(cluster.names('serve')))
  }

  /** As the first process that answers says. */
  async view(): Promise<ImportView> {
    return await persistently(async () => {
      for (const name of this.#cluster.names('serve')) {
        const { status, body } = await (await this.#cluster.admin(name)).get<{ import: ImportView }>(paths.import(this.importId))
        if (status === 200) return body.import
      }
      throw new Error('nobody answers')
    })
  }

  async events(): Promise<StoredEvent[]> {
    return await persistently(async () => await (await this.#cluster.admin()).events(this.importId))
  }

  /** The log as text, as people download it. */
  async logText(): Promise<string> {
    return (await (await this.#cluster.admin()).get(paths.log(this.importId))).text
  }

  async rejected(): Promise<string> {
    return (await (await this.#cluster.admin()).get(paths.rejected(this.importId))).text
  }

  /** Resolves when it has ended and everyone who watches knows; throws when somebody waits for ever. */
  async ended(limitMs: number): Promise<ImportView> {
    const view = await bounded(limitMs, this.#untilFinal(), () => `the end of ${this.importId}`)
    for (const { who, page } of this.#pages) {
      const told = page.until(({ state }) => state === 'ended')
      await bounded(limitMs, told, () => `${who} is ${page.state} with ${page.events.length} of ${view.lastSeq} events`)
    }
    const { watcher } = this.socket
    await bounded(limitMs, watcher.untilEnd(), () => `the socket (${watcher.connected}) has ${watcher.events.length} of ${view.lastSeq} events`)
    return view
  }

  get seen(): Seen[] {
    return [...this.#pages.map(({ who, page }) => ({ who, events: page.events })), { who: 'socket', events: this.socket.watcher.events }]
  }

  close(): void {
    for (const { page } of this.#pages) page.watch.close()
    this.socket.close()
  }

  async #untilFinal(): Promise<ImportView> {
    for (;;) {
      const view = await this.view()
      if (isFinal(view.status)) return view
      await delay(100)
    }
  }
}
