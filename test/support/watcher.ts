import { EventEmitter, once } from 'node:events'
import { io } from 'socket.io-client'
import type { Socket } from 'socket.io-client'
import type { ClientToServer, PlainAck, RevokeReason, ServerToClient, WatchAck } from '../../shared/protocol/events.ts'
import type { WireError } from '../../shared/protocol/errors.ts'
import type { ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'

export type WatchRight = { token?: string; cookie?: string; headers?: Record<string, string>; transports?: ('polling' | 'websocket')[] }
export type WatchSocket = Socket<ServerToClient, ClientToServer>

/** A server that does not answer a message for so long is broken, however slow the machine. */
const answerMs = 60_000

/** Opens a socket that does not come back by itself. The caller waits for `connect` or `connect_error`. */
export function openSocket(url: string, { token, cookie, headers = {}, transports = ['websocket'] }: WatchRight): WatchSocket {
  return io(url, {
    transports,
    timeout: answerMs,
    reconnection: false,
    forceNew: true,
    ...(token !== undefined && { auth: { token } }),
    extraHeaders: { ...(cookie !== undefined && { cookie }), ...headers },
  })
}

/** Waits for the outcome of a handshake: null when it was let in, else what was said. */
export async function handshake(socket: WatchSocket): Promise<WireError['error'] | { code: 'transport'; message: string } | null> {
  const { promise, resolve } = Promise.withResolvers<WireError['error'] | { code: 'transport'; message: string } | null>()
  socket.once('connect', () => resolve(null))
  socket.once('connect_error', (error: Error & { data?: WireError }) => {
    resolve(error.data?.error ?? { code: 'transport', message: error.message })
  })
  return await promise
}

/** Asks with `watch` once. */
export async function watch(socket: WatchSocket, request: unknown): Promise<WatchAck> {
  return await socket.timeout(answerMs).emitWithAck('watch', request as { importId: string })
}

export async function askHistory(socket: WatchSocket): Promise<PlainAck> {
  return await socket.timeout(answerMs).emitWithAck('history')
}

/**
 * Watches one import session as a page does: gets what it missed page by page, joins what is live by `seq`, closes holes, catches up after `lag`, takes
 * over renewed tokens, and resumes by `seq` after `reconnect`.
 */
export class Watcher {
  /** Each event once, in order. */
  readonly events: StoredEvent[] = []
  /** `seq` of all that came, also doubled. */
  readonly arrived: number[] = []
  readonly views: ImportView[] = []
  readonly progress: Parameters<ServerToClient['progress']>[0][] = []
  readonly tokens: string[] = []
  readonly revoked: RevokeReason[] = []
  readonly lags: number[] = []
  socket: WatchSocket
  readonly #url: string
  readonly #importId: string
  readonly #sequence = new EventSequence()
  readonly #changed = new EventEmitter()
  #right: WatchRight
  #asking: Promise<void> | null = null

  constructor(url: string, importId: string, right: WatchRight) {
    this.#url = url
    this.#importId = importId
    this.#right = right
    this.#changed.setMaxListeners(0)
    this.socket = this.#connect()
  }

  /** The view that came last. */
  get view(): ImportView | undefined {
    return this.views.at(-1)
  }

  get connected(): boolean {
    return this.socket.connected
  }

  /** Resolves when the condition holds, looked at after everything that comes. */
  async until(condition: (watcher: this) => boolean): Promise<void> {
    while (!condition(this)) await once(this.#changed, 'change')
  }

  /** Resolves when the run has ended and all of its events are here. */
  async untilEnd(): Promise<void> {
    await this.until(() => this.events.some(({ type, data }) => type === 'status' && hasCount(data)) && !this.#sequence.hole)
  }

  /** Comes back on a new connection, and goes on after the last `seq`. */
  reconnect(url = this.#url): void {
    this.socket.disconnect()
    this.socket = this.#connect(url)
  }

  close(): void {
    this.socket.disconnect()
  }

  #connect(url = this.#url): WatchSocket {
    const socket = openSocket(url, this.#right)
    socket.on('connect', () => this.#catchUp())
    socket.on('event', ({ events }) => this.#take(events))
    socket.on('progress', (message) => this.#note(() => this.progress.push(message)))
    socket.on('import', ({ import: view }) => this.#note(() => this.views.push(view)))
    socket.on('token', ({ token }) => {
      this.#right = { ...this.#right, token }
      this.#note(() => this.tokens.push(token))
    })
    socket.on('revoked', ({ reason }) => this.#note(() => this.revoked.push(reason)))
    socket.on('lag', ({ lastSeq }) => {
      this.#note(() => this.lags.push(lastSeq))
      this.#catchUp()
    })
    socket.on('disconnect', () => this.#note(() => undefined))
    return socket
  }

  #take(events: StoredEvent[]): void {
    this.arrived.push(...events.map(({ seq }) => seq))
    this.#note(() => this.events.push(...this.#sequence.accept(events)))
    if (this.#sequence.hole) this.#catchUp()
  }

  #note(change: () => unknown): void {
    change()
    this.#changed.emit('change')
  }

  #catchUp(): void {
    if (this.#asking) return
    this.#asking = this.#ask().finally(() => {
      this.#asking = null
    })
  }

  async #ask(): Promise<void> {
    for (let more = true; more && this.socket.connected;) {
      const answer = await watch(this.socket, { importId: this.#importId, after: this.#sequence.last }).catch(() => null)
      if (!answer?.ok) return
      // An answer may be overtaken by what is told live.
      if (answer.import.lastSeq >= (this.view?.lastSeq ?? 0)) this.views.push(answer.import)
      this.#sequence.expect(answer.lastSeq)
      this.arrived.push(...answer.events.map(({ seq }) => seq))
      this.#note(() => this.events.push(...this.#sequence.accept(answer.events)))
      more = answer.more
    }
  }
}

function hasCount(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'count' in data
}
