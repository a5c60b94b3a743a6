import type { Socket } from 'socket.io-client'
import type { ClientToServer, RevokeReason, ServerToClient, WatchAck } from '../../shared/protocol/events.ts'
import type { WireError } from '../../shared/protocol/errors.ts'
import type { ImportView, StoredEvent, WatchGrant } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import type { EventSequence } from '../../shared/watch/event-sequence.ts'
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
/** A change of state is told as an event and then as the import session. Whoever tells both may end in between. */
const viewWithinMs = 2_000

/** Watches by one socket until it is lost, refused or revoked, or the run has ended and all of its events are here. */
export async function followBySocket(following: Following): Promise<Outcome> {
  return await new Promise((resolve) => new SocketFollower(following, resolve).start())
}

class SocketFollower {
  readonly #following: Following
  readonly #resolve: (outcome: Outcome) => void
  #revoked: RevokeReason | undefined
  #view: ImportView | undefined
  #catchingUp = false
  /** Whether what is being asked for is to be asked for once more. */
  #rejoin = false
  #over = false
  #viewDue: ReturnType<typeof setTimeout> | undefined

  constructor(following: Following, resolve: (outcome: Outcome) => void) {
    this.#following = following
    this.#resolve = resolve
  }

  start(): void {
    const { socket, importId, signal } = this.#following
    signal.addEventListener('abort', this.#lose, { once: true })
    socket.on('connect', () => void this.#catchUp())
    socket.on('connect_error', (error) => this.#finish(isRefusal(error) ? { type: 'refused' } : { type: 'lost' }))
    socket.on('disconnect', this.#lose)
    socket.on('revoked', ({ reason }) => (this.#revoked = reason))
    socket.on('event', (message) => message.importId === importId && this.#accept(message.events))
    socket.on('progress', (message) => message.importId === importId && this.#following.listener.onProgress(message))
    socket.on('import', ({ import: view }) => view.id === importId && this.#note(view))
    socket.on('token', (grant) => grant.importId === importId && this.#following.onToken(grant))
    socket.on('lag', (message) => message.importId === importId && this.#lag(message.lastSeq))
    if (signal.aborted) this.#lose()
    else socket.connect()
  }

  readonly #lose = (): void => this.#finish(this.#revoked ? { type: 'revoked', reason: this.#revoked } : { type: 'lost' })

  #finish(outcome: Outcome): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#viewDue)
    this.#following.signal.removeEventListener('abort', this.#lose)
    this.#following.socket.removeAllListeners()
    this.#following.socket.disconnect()
    this.#resolve(outcome)
  }

  #accept(events: Parameters<WatchListener['onEvents']>[0]): void {
    const { sequence } = this.#following
    this.#hand(sequence.accept(events))
    if (sequence.hole) void this.#catchUp()
    else this.#endIfComplete()
  }

  /** Hands on events whose turn it is. */
  #hand(fresh: StoredEvent[]): void {
    if (fresh.length > 0) this.#following.listener.onEvents(fresh)
    const changed = fresh.findLast(({ status }) => status !== undefined)
    if (changed) this.#awaitView(changed.seq)
  }

  /** Asks for the import session when it is not told soon as that event has left it: after the last of a run nothing else would. */
  #awaitView(seq: number): void {
    clearTimeout(this.#viewDue)
    this.#viewDue = setTimeout(() => {
      if ((this.#view?.lastSeq ?? 0) >= seq) return
      this.#rejoin = true
      void this.#catchUp()
    }, viewWithinMs)
  }

  #note(view: ImportView): void {
    this.#keep(view)
    if (!isFinal(view.status)) return
    this.#following.sequence.expect(view.lastSeq)
    if (this.#following.sequence.hole) void this.#catchUp()
    else this.#endIfComplete()
  }

  /** What was told meanwhile may be newer than the answer to a question. */
  #keep(view: ImportView): void {
    if (view.lastSeq < (this.#view?.lastSeq ?? 0)) return
    this.#view = view
    this.#following.listener.onImport(view)
  }

  /** The server took us out of the room: being in it again comes first, whether or not something is missing. */
  #lag(lastSeq: number): void {
    this.#following.sequence.expect(lastSeq)
    this.#rejoin = true
    void this.#catchUp()
  }

  #endIfComplete(): void {
    const { sequence } = this.#following
    if (this.#catchingUp || !this.#view || !isFinal(this.#view.status)) return
    if (!sequence.hole && sequence.last >= this.#view.lastSeq) this.#finish({ type: 'ended' })
  }

  /** Asks for pages until nothing is missing. Live events that come meanwhile take their place by `seq`. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp || this.#over) return
    this.#catchingUp = true
    this.#following.listener.onState('catching_up')
    try {
      for (let more = true; more && !this.#over;) more = await this.#askPage()
    } catch {
      this.#lose()
    }
    this.#catchingUp = false
    if (this.#over) return
    this.#following.listener.onState('live')
    this.#following.onCaughtUp()
    this.#endIfComplete()
  }

  /** One page. Answers whether there is more to ask for. */
  async #askPage(): Promise<boolean> {
    const { socket, importId, sequence } = this.#following
    const before = sequence.last
    this.#rejoin = false
    const answer = (await socket.timeout(answerWithinMs).emitWithAck('watch', { importId, after: before })) as WatchAck
    if (this.#over) return false
    if (!answer.ok) {
      this.#finish(answer.error.code === 'not_found' ? { type: 'missing' } : { type: 'lost' })
      return false
    }
    const fresh = sequence.accept(answer.events)
    sequence.expect(answer.lastSeq)
    this.#keep(answer.import)
    this.#hand(fresh)
    const missing = sequence.hole || answer.more
    // Asked for what is missing and got none of it: come back later, by a new connection.
    if (missing && sequence.last === before) this.#lose()
    return missing || this.#rejoin
  }
}

/** A handshake that the server refused bears the error object; a connection that failed bears none. */
function isRefusal(error: Error & { data?: unknown }): boolean {
  const data = error.data as WireError | undefined
  return data?.error.code === 'unauthenticated' || data?.error.code === 'forbidden' || data?.error.code === 'not_found'
}
