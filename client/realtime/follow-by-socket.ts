import type { Socket } from 'socket.io-client'
import type { ClientToServer, RevokeReason, ServerToClient, WatchAck } from '../../shared/protocol/events.ts'
import type { WireError } from '../../shared/protocol/errors.ts'
import type { WatchGrant } from '../../shared/protocol/views.ts'
import type { EventSequence } from '../../shared/watch/event-sequence.ts'
import { FollowedLog } from '../../shared/watch/followed-log.ts'
import type { Outcome, WatchListener } from './watch-types.ts'

export type WatchSocket = Socket<ServerToClient, ClientToServer>

export type Following = {
  socket: WatchSocket
  importId: string
  sequence: EventSequence
  listener: WatchListener
  /** Called with each renewed token. */
  onToken: (grant: WatchGrant) => void
  /** Called each time everything stored is here. */
  onCaughtUp: () => void
  signal: AbortSignal
}

const answerWithinMs = 20_000

/** Watches by one socket until it is lost, refused or revoked, or the run has ended and all of its events are here. */
export async function followBySocket(following: Following): Promise<Outcome> {
  return await new Promise((resolve) => new SocketFollower(following, resolve).start())
}

class SocketFollower {
  readonly #following: Following
  readonly #resolve: (outcome: Outcome) => void
  readonly #log: FollowedLog
  #revoked: RevokeReason | undefined
  #over = false

  constructor(following: Following, resolve: (outcome: Outcome) => void) {
    const { sequence, listener, onCaughtUp } = following
    this.#following = following
    this.#resolve = resolve
    this.#log = new FollowedLog({
      sequence,
      onEvents: (events) => listener.onEvents(events),
      onImport: (view) => listener.onImport(view),
      canAsk: () => !this.#over,
      onAsking: () => listener.onState('catching_up'),
      ask: async (after) => await this.#askPage(after),
      // Come back later, by a new connection.
      onNothingNew: this.#lose,
      onFailure: this.#lose,
      onCaughtUp: () => {
        listener.onState('live')
        onCaughtUp()
      },
      onEnd: () => this.#finish({ type: 'ended' }),
    })
  }

  start(): void {
    const { socket, importId, signal } = this.#following
    const log = this.#log
    signal.addEventListener('abort', this.#lose, { once: true })
    socket.on('connect', () => log.ask())
    socket.on('connect_error', (error) => this.#finish(isRefusal(error) ? { type: 'refused' } : { type: 'lost' }))
    socket.on('disconnect', this.#lose)
    socket.on('revoked', ({ reason }) => (this.#revoked = reason))
    socket.on('event', (message) => message.importId === importId && log.accept(message.events))
    socket.on('progress', (message) => message.importId === importId && this.#following.listener.onProgress(message))
    socket.on('import', ({ import: view }) => view.id === importId && log.note(view))
    socket.on('token', (grant) => grant.importId === importId && this.#following.onToken(grant))
    socket.on('lag', (message) => message.importId === importId && log.lag(message.lastSeq))
    if (signal.aborted) this.#lose()
    else socket.connect()
  }

  readonly #lose = (): void => this.#finish(this.#revoked ? { type: 'revoked', reason: this.#revoked } : { type: 'lost' })

  #finish(outcome: Outcome): void {
    if (this.#over) return
    this.#over = true
    this.#log.stop()
    this.#following.signal.removeEventListener('abort', this.#lose)
    this.#following.socket.removeAllListeners()
    this.#following.socket.disconnect()
    this.#resolve(outcome)
  }

  async #askPage(after: number): Promise<Extract<WatchAck, { ok: true }> | null> {
    if (this.#over) return null
    const { socket, importId } = this.#following
    const answer = (await socket.timeout(answerWithinMs).emitWithAck('watch', { importId, after })) as WatchAck
    if (this.#over) return null
    if (answer.ok) return answer
    this.#finish(answer.error.code === 'not_found' ? { type: 'missing' } : { type: 'lost' })
    return null
  }
}

/** A handshake that the server refused bears the error object; a connection that failed bears none. */
function isRefusal(error: Error & { data?: unknown }): boolean {
  const data = error.data as WireError | undefined
  return data?.error.code === 'unauthenticated' || data?.error.code === 'forbidden' || data?.error.code === 'not_found'
}
