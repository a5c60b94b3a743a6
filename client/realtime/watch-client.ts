import { io } from 'socket.io-client'
import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { EventSequence } from '../../shared/watch/event-sequence.ts'
import { Alarm } from './alarm.ts'
import { BackOff } from './back-off.ts'
import { catchUpByHttp, followByPolling } from './follow-by-polling.ts'
import { followBySocket } from './follow-by-socket.ts'
import type { WatchSocket } from './follow-by-socket.ts'
import type { TokenStorage } from './token-storage.ts'
import { outcomeOf, WatchPass } from './watch-pass.ts'
import type { Outcome, WatchListener, WatchServer, WatchState } from './watch-types.ts'

export type WatchOptions = WatchListener & {
  importId: string
  /** From the answer to the start. Without one: a stored one, or a new one if there is a login, or the watch cookie. */
  token?: string | undefined
  /** `seq` after which events are wanted; it may be chosen when the import session is known. */
  after?: number | ((view: ImportView) => number)
  server: WatchServer
  tokens: TokenStorage
  /** Origin of the server; the page's own when left out. */
  url?: string
  pollEveryMs?: number
}

export type Watch = {
  /** What the import session is read by now; null means by the cookies. */
  readonly token: string | null
  /** The network is gone: what is open is given up now, not when the transport has noticed. */
  interrupt(): void
  /** Tries at once what would be tried later by itself: the network is back, the page is looked at again. */
  nudge(): void
  /** Goes on after `unauthorized`, `missing` or `ended`: the person logged in, asked to watch again, or tried the import again. */
  resume(): void
  close(): void
}

/**
 * Watches an import session until `close`: over restarts of the server, lost networks, renewed and expired tokens. Where it left off it goes on, by `seq`.
 */
export function watchImport(options: WatchOptions): Watch {
  const client = new WatchClient(options)
  void client.run()
  return client
}

class WatchClient implements Watch {
  readonly #options: WatchOptions
  readonly #pass: WatchPass
  readonly #stop = new AbortController()
  /** Ends with the socket of the moment. */
  #connection = new AbortController()
  readonly #nudges = new Alarm()
  readonly #resumes = new Alarm()
  readonly #backOff = new BackOff()
  #sequence: EventSequence | undefined
  /** Whether the import session is to be looked at as a whole before it is followed. */
  #look = true
  #state: WatchState | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    this.#pass = new WatchPass(options, options.token)
  }

  get token(): string | null {
    return this.#pass.token
  }

  interrupt(): void {
    this.#connection.abort()
  }

  nudge(): void {
    this.#nudges.ring()
  }

  resume(): void {
    this.#resumes.ring()
    this.#nudges.ring()
  }

  close(): void {
    this.#stop.abort()
  }

  async run(): Promise<void> {
    this.#tell('connecting')
    while (!this.#stop.signal.aborted) {
      const outcome = await this.#once().catch((thrown: unknown) => outcomeOf(thrown))
      if (!this.#stop.signal.aborted) await this.#rest(outcome)
    }
  }

  /** What follows an outcome: go on at once, wait a little, or wait until someone wants it to go on. */
  async #rest(outcome: Outcome): Promise<void> {
    switch (outcome.type) {
      case 'woken':
        return
      case 'refused':
        return this.#pass.drop()
      case 'lost':
        this.#tell('offline')
        await this.#nudges.wait(this.#stop.signal, this.#backOff.next())
        return
      case 'revoked':
        this.#pass.drop()
        // Its time was over, nobody took it away: with a login there is another at once.
        return outcome.reason === 'expired' ? undefined : await this.#sleepAs('unauthorized', outcome.reason)
      case 'ended':
        this.#pass.drop()
        return await this.#sleepAs('ended')
      case 'missing':
      case 'unauthorized':
        return await this.#sleepAs(outcome.type)
    }
  }

  async #sleepAs(state: WatchState, reason?: RevokeReason): Promise<void> {
    this.#tell(state, reason)
    await this.#resumes.wait(this.#stop.signal)
    this.#tell('connecting')
    this.#look = true
  }

  async #once(): Promise<Outcome> {
    this.#resumes.reset()
    if (this.#look) {
      const view = await this.#firstLook()
      if (isFinal(view.status)) return await this.#readToEnd(view)
    }
    const token = await this.#pass.take()
    const { importId, server, pollEveryMs = 2000 } = this.#options
    this.#connection = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, this.#connection.signal])
    const shared = { importId, sequence: this.#placed(), listener: this.#listener, signal }
    if (token === null) return await followByPolling({ ...shared, server, token }, this.#nudges, pollEveryMs)
    return await followBySocket({
      ...shared,
      socket: this.#socket(token),
      onToken: (grant) => this.#pass.renew(grant, this.#stop.signal),
      onCaughtUp: () => this.#backOff.reset(),
    })
  }

  async #firstLook(): Promise<ImportView> {
    const view = await this.#view()
    const { after = 0 } = this.#options
    this.#sequence ??= new EventSequence(typeof after === 'number' ? after : after(view))
    this.#look = false
    this.#options.onImport(view)
    return view
  }

  /** Asks by the token; when that is no longer one, by the cookies. */
  async #view(): Promise<ImportView> {
    const { server, importId } = this.#options
    try {
      return await server.view(importId, this.#pass.token, this.#stop.signal)
    } catch (thrown) {
      if (this.#pass.token === null || outcomeOf(thrown).type !== 'unauthorized') throw thrown
      this.#pass.drop()
      return await server.view(importId, null, this.#stop.signal)
    }
  }

  async #readToEnd(view: ImportView): Promise<Outcome> {
    const { server, importId } = this.#options
    const sequence = this.#placed()
    sequence.expect(view.lastSeq)
    await catchUpByHttp({ server, importId, token: this.#pass.token, sequence, listener: this.#listener, signal: this.#stop.signal })
    this.#look = sequence.hole
    return sequence.hole ? { type: 'lost' } : { type: 'ended' }
  }

  #placed(): EventSequence {
    return (this.#sequence ??= new EventSequence())
  }

  #socket(token: string): WatchSocket {
    // One socket a try: back-off, renewal and replay are decided here, not by the transport.
    const settings = { path: '/socket.io', auth: { token }, autoConnect: false, reconnection: false, forceNew: true }
    return this.#options.url === undefined ? io(settings) : io(this.#options.url, settings)
  }

  get #listener(): WatchListener {
    const { onEvents, onProgress, onImport } = this.#options
    return { onEvents, onProgress, onImport, onState: (state) => this.#tell(state) }
  }

  #tell(state: WatchState, reason?: RevokeReason): void {
    if (this.#stop.signal.aborted || (state === this.#state && reason === undefined)) return
    this.#state = state
    this.#options.onState(state, reason)
  }
}
