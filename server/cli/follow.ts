import type { Socket } from 'socket.io-client'
import type { ClientToServer, RevokeReason, ServerToClient, WatchAck } from '../../shared/protocol/events.ts'
import type { WireError } from '../../shared/protocol/errors.ts'
import type { ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'
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
/** A change of state is told as an event and then as the import session. Whoever tells both may end in between. */
const viewWithinMs = 2_000

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
  try {
    new Follower(socket, followed, resolve, reject).start()
    return await promise
  } finally {
    followed.signal.removeEventListener('abort', stop)
    socket.disconnect()
  }
}

class Follower {
  readonly #socket: FollowSocket
  readonly #followed: Followed
  readonly #resolve: (view: ImportView) => void
  readonly #reject: (error: Error) => void
  readonly #sequence: EventSequence
  #view: ImportView | undefined
  #revoked: RevokeReason | undefined
  #asking = false
  /** Whether what is being asked for is to be asked for once more. */
  #again = false
  #viewDue: ReturnType<typeof setTimeout> | undefined

  constructor(socket: FollowSocket, followed: Followed, resolve: (view: ImportView) => void, reject: (error: Error) => void) {
    this.#socket = socket
    this.#followed = followed
    this.#resolve = resolve
    this.#reject = reject
    this.#sequence = new EventSequence(followed.after)
  }

  start(): void {
    const { importId, listener } = this.#followed
    const socket = this.#socket
    const mine = (message: { importId?: string }): boolean => message.importId === undefined || message.importId === importId
    socket.on('connect', () => void this.#catchUp())
    socket.on('connect_error', (error) => this.#onConnectError(error))
    socket.on('disconnect', (reason) => this.#onDisconnect(reason))
    socket.on('event', (message) => mine(message) && this.#take(message.events))
    socket.on('progress', (message) => mine(message) && listener.onProgress(message))
    socket.on('import', ({ import: view }) => view.id === importId && this.#note(view))
    socket.on('lag', (message) => mine(message) && this.#lag(message.lastSeq))
    socket.on('revoked', (message) => {
      if (mine(message)) this.#revoked = message.reason
    })
    socket.connect()
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

  #take(events: StoredEvent[]): void {
    this.#hand(this.#sequence.accept(events))
    if (this.#sequence.hole) void this.#catchUp()
    else this.#endIfComplete()
  }

  #hand(fresh: StoredEvent[]): void {
    if (fresh.length > 0) this.#followed.listener.onEvents(fresh)
    const changed = fresh.findLast(({ status }) => status !== undefined)
    if (changed) this.#awaitView(changed.seq)
  }

  /** Asks for the import session when it is not told soon as that event has left it: after the last of a run nothing else would. */
  #awaitView(seq: number): void {
    clearTimeout(this.#viewDue)
    this.#viewDue = setTimeout(() => {
      if ((this.#view?.lastSeq ?? 0) < seq) void this.#catchUp()
    }, viewWithinMs)
  }

  #note(view: ImportView): void {
    this.#keep(view)
    if (isFinal(view.status)) this.#sequence.expect(view.lastSeq)
    if (this.#sequence.hole) void this.#catchUp()
    else this.#endIfComplete()
  }

  /** An answer may be overtaken by what came live. */
  #keep(view: ImportView): void {
    if (!this.#view || view.lastSeq >= this.#view.lastSeq) this.#view = view
  }

  /** The server took us out of the room: asking again puts us back. */
  #lag(lastSeq: number): void {
    this.#sequence.expect(lastSeq)
    void this.#catchUp()
  }

  async #catchUp(): Promise<void> {
    this.#again = true
    if (this.#asking || !this.#socket.connected) return
    this.#asking = true
    try {
      while (await this.#askPage());
      this.#followed.listener.onConnection(null)
    } catch (error) {
      if (error instanceof AppError) this.#reject(error)
      // No answer in time, or the connection went: a new one asks again.
      else if (this.#socket.connected) this.#socket.disconnect().connect()
      else this.#followed.listener.onConnection(messageOf(error))
    } finally {
      this.#asking = false
    }
    this.#endIfComplete()
  }

  /** One page; answers whether there is more to ask for. */
  async #askPage(): Promise<boolean> {
    this.#again = false
    const request = { importId: this.#followed.importId, after: this.#sequence.last }
    const answer = (await this.#socket.timeout(answerWithinMs).emitWithAck('watch', request)) as WatchAck
    if (!answer.ok) throw new AppError(answer.error.code, answer.error.message)
    this.#keep(answer.import)
    this.#sequence.expect(answer.lastSeq)
    this.#hand(this.#sequence.accept(answer.events))
    return answer.more || this.#sequence.hole || this.#again
  }

  #endIfComplete(): void {
    const view = this.#view
    if (view && isFinal(view.status) && !this.#asking && this.#sequence.last >= view.lastSeq) this.#finish(view)
  }

  #finish(view: ImportView): void {
    clearTimeout(this.#viewDue)
    this.#resolve(view)
  }
}
