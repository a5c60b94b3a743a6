import { io } from 'socket.io-client'
import type { Socket } from 'socket.io-client'
import type { ClientToServer, ServerToClient } from '../../shared/protocol/events.ts'
import type { ImportView, Ledger, Progress } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import { Alarm } from './alarm.ts'
import { BackOff } from './back-off.ts'

export type HistoryListener = {
  onImport: (view: ImportView) => void
  onProgress: (figures: { importId: string; status: SessionStatus; progress: Progress; ledger: Ledger }) => void
  /** What was missed while `false` has to be read again. */
  onLive: (live: boolean) => void
  /** The login that the socket was opened with is no more. It is tried again after `resume`. */
  onUnauthorized: () => void
}

export type HistoryWatch = { interrupt(): void; nudge(): void; resume(): void; close(): void }

type HistorySocket = Socket<ServerToClient, ClientToServer>

/** Hears of every import session, by the login cookie, until `close`. */
export function watchHistory(listener: HistoryListener, url?: string): HistoryWatch {
  const client = new HistoryClient(listener, url)
  void client.run()
  return client
}

class HistoryClient implements HistoryWatch {
  readonly #listener: HistoryListener
  readonly #url: string | undefined
  readonly #stop = new AbortController()
  /** Ends with the socket of the moment. */
  #connection = new AbortController()
  readonly #nudges = new Alarm()
  readonly #resumes = new Alarm()
  readonly #backOff = new BackOff()

  constructor(listener: HistoryListener, url: string | undefined) {
    this.#listener = listener
    this.#url = url
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
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#resumes.reset()
      const outcome = await this.#listen()
      if (signal.aborted) return
      this.#listener.onLive(false)
      if (outcome === 'lost') await this.#nudges.wait(signal, this.#backOff.next())
      else {
        this.#listener.onUnauthorized()
        await this.#resumes.wait(signal)
      }
    }
  }

  /** One socket's life. */
  async #listen(): Promise<'lost' | 'unauthorized'> {
    const settings = { path: '/socket.io', autoConnect: false, reconnection: false, forceNew: true }
    const socket: HistorySocket = this.#url === undefined ? io(settings) : io(this.#url, settings)
    this.#connection = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, this.#connection.signal])
    const outcome = await new Promise<'lost' | 'unauthorized'>((resolve) => {
      signal.addEventListener('abort', () => resolve('lost'), { once: true })
      socket.on('connect', () => socket.emit('history', (answer) => (answer.ok ? this.#goLive() : resolve('unauthorized'))))
      socket.on('import', ({ import: view }) => this.#listener.onImport(view))
      socket.on('progress', (message) => this.#listener.onProgress(message))
      socket.on('revoked', () => resolve('unauthorized'))
      socket.on('connect_error', (error: Error & { data?: unknown }) => resolve(error.data === undefined ? 'lost' : 'unauthorized'))
      socket.on('disconnect', () => resolve('lost'))
      socket.connect()
    })
    socket.removeAllListeners()
    socket.disconnect()
    return outcome
  }

  #goLive(): void {
    this.#backOff.reset()
    this.#listener.onLive(true)
  }
}
