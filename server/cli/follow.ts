import type { Socket } from 'socket.io-client'
import type { ClientToServer, RevokeReason, ServerToClient, WatchAck } from '../../shared/protocol/events.ts'
import type { WireError } from '../../shared/protocol/errors.ts'
import type { ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'
import { FollowedLog } from '../../shared/watch/followed-log.ts'
import { AppError, messageOf } from '../errors.ts'

type FollowSocket = Socket<ServerToClient, ClientToServer>
type ProgressMessage = Parameters<ServerToClient['progress']>[0]

export type FollowListener = {
  /** Each event once, in order, without a hole. */
  onEvents(events: StoredEvent[]): void
  onProgress(message: ProgressMessage): void
  /** The connection was lost (with the reason), or is back (null). The run goes on either way. */
  onConnection(lost: string | null): void
}

export type Followed = { url: string; importId: string; token: string; after?: number; signal: AbortSignal; listener: FollowListener }

const answerWithinMs = 20_000

/**
 * Watches an import session by socket until it has ended and all of its events were given out; answers what it ended as. Comes back by itself when the
 * connection is lost, and goes on after the last `seq`. Throws what the server refuses with, or the reason of `signal`.
 */
export async function followImport(followed: Followed): Promise<ImportView> {
  followed.signal.throwIfAborted()
  const { io } = await import('socket.io-client')
  const { origin, pathname } = new URL(followed.url)
  let { token } = followed
  const socket: FollowSocket = io(origin, {
    path: `${pathname.replace(/\/$/, '')}/socket.io`,
    auth: (give) => give({ token }),
    forceNew: true,
    autoConnect: false,
  })
  socket.on('token', (grant) => {
    if (grant.importId === followed.importId) token = grant.token
  })
  const { promise, resolve, reject } = Promise.withResolvers<ImportView>()
  const stop = (): void => reject(followed.signal.reason as Error)
  followed.signal.addEventListener('abort', stop, { once: true })
  const follower = new Follower(socket, followed, resolve, reject)
  try {
    follower.start()
    return await promise
  } finally {
    followed.signal.removeEventListener('abort', stop)
    follower.stop()
  }
}

class Follower {
  readonly #socket: FollowSocket
  readonly #followed: Followed
  readonly #reject: (error: Error) => void
  readonly #log: FollowedLog
  #revoked: RevokeReason | undefined

  constructor(socket: FollowSocket, followed: Followed, resolve: (view: ImportView) => void, reject: (error: Error) => void) {
    const { after, listener } = followed
    this.#socket = socket
    this.#followed = followed
    this.#reject = reject
    this.#log = new FollowedLog({
      sequence: new EventSequence(after),
      onEvents: (events) => listener.onEvents(events),
      canAsk: () => socket.connected,
      ask: async (last) => await this.#askPage(last),
      onFailure: (thrown) => this.#onFailure(thrown),
      onCaughtUp: () => listener.onConnection(null),
      onEnd: resolve,
    })
  }

  start(): void {
    const { importId, listener } = this.#followed
    const socket = this.#socket
    const log = this.#log
    const mine = (message: { importId?: string }): boolean => message.importId === undefined || message.importId === importId
    socket.on('connect', () => log.ask())
    socket.on('connect_error', (error) => this.#onConnectError(error))
    socket.on('disconnect', (reason) => this.#onDisconnect(reason))
    socket.on('event', (message) => mine(message) && log.accept(message.events))
    socket.on('progress', (message) => mine(message) && listener.onProgress(message))
    socket.on('import', ({ import: view }) => view.id === importId && log.note(view))
    socket.on('lag', (message) => mine(message) && log.lag(message.lastSeq))
    socket.on('revoked', (message) => {
      if (mine(message)) this.#revoked = message.reason
    })
    socket.connect()
  }

  stop(): void {
    this.#log.stop()
    this.#socket.disconnect()
  }

  #onConnectError(error: Error & { data?: WireError }): void {
    if (error.data?.error) this.#reject(new AppError(error.data.error.code, error.data.error.message))
    else this.#followed.listener.onConnection(error.message)
  }

  #onDisconnect(reason: string): void {
    if (this.#revoked)
      this.#reject(new AppError('unauthenticated', `The right to watch ended (${this.#revoked.replaceAll('_', ' ')}). The run goes on.`))
    else if (reason === 'io server disconnect') this.#socket.connect()
    if (reason !== 'io client disconnect') this.#followed.listener.onConnection(reason)
  }

  async #askPage(after: number): Promise<Extract<WatchAck, { ok: true }>> {
    const request = { importId: this.#followed.importId, after }
    const answer = (await this.#socket.timeout(answerWithinMs).emitWithAck('watch', request)) as WatchAck
    if (!answer.ok) throw new AppError(answer.error.code, answer.error.message)
    return answer
  }

  #onFailure(thrown: unknown): void {
    if (thrown instanceof AppError) this.#reject(thrown)
    // No answer in time, or the connection went: a new one asks again.
    else if (this.#socket.connected) this.#socket.disconnect().connect()
    else this.#followed.listener.onConnection(messageOf(thrown))
  }
}
