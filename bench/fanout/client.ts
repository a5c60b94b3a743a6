import { WebSocket } from 'ws'
import type { EventPage, StoredEvent } from '../../shared/protocol/views.ts'

/** What all clients of a process found out together. `took`: milliseconds from stored to received, by count. */
export type Tally = { messages: number; lags: number; holes: number; took: Uint32Array }

export type Watched = { url: string; importId: string; token: string }

type Run = { first: number; last: number; at: number; ends: boolean }

/** Texts that were read already: all clients get the same ones, and comparing is much cheaper than reading. */
const known = new Map<number, { text: Buffer; run: Run }>()
const digits = /"seq":(\d+)/

/**
 * One watcher: a WebSocket that speaks as much of Engine.IO and Socket.IO as watching takes. Without an import session to watch it takes what comes.
 * `done` resolves when it has seen the end.
 */
export class Client {
  readonly ready = Promise.withResolvers<void>()
  readonly done = Promise.withResolvers<void>()
  last = 0
  readonly #socket: WebSocket
  readonly #watched: Watched | null
  readonly #tally: Tally

  constructor(url: string, watched: Watched | null, tally: Tally) {
    this.#watched = watched
    this.#tally = tally
    const address = watched ? `${watched.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket` : url
    this.#socket = new WebSocket(address, { perMessageDeflate: false, skipUTF8Validation: true })
    this.#socket.on('message', (data: Buffer) => this.#hear(data))
    this.#socket.on('error', (error) => this.ready.reject(error))
    this.#socket.on('close', (code) => this.done.reject(new Error(`a socket was closed with ${code}`)))
    if (!watched) this.#socket.on('open', () => this.ready.resolve())
  }

  close(): void {
    this.#socket.removeAllListeners('close').terminate()
  }

  #hear(data: Buffer): void {
    const kind = data.toString('latin1', 0, 10)
    if (kind.startsWith('42["event"')) this.#take(read(data), true)
    else if (kind.startsWith('0')) this.#socket.send(`40${JSON.stringify({ token: this.#watched?.token })}`)
    else if (kind.startsWith('40')) this.#watch()
    else if (kind.startsWith('2')) this.#socket.send('3')
    else if (kind.startsWith('430')) this.#answered(data)
    else if (kind.startsWith('42["lag"')) {
      this.#tally.lags += 1
      this.#watch()
    }
  }

  #watch(): void {
    if (this.#watched && this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(`420${JSON.stringify(['watch', { importId: this.#watched.importId, after: this.last }])}`)
  }

  #answered(data: Buffer): void {
    const [answer] = JSON.parse(data.toString('utf8', 3)) as [{ ok: boolean } & EventPage]
    if (!answer.ok) throw new Error(`watch was refused: ${data.toString('utf8')}`)
    if (answer.events.length > 0) this.#take(inspect(answer.events), false)
    if (answer.more) this.#watch()
    this.ready.resolve()
  }

  #take({ first, last, at, ends }: Run, live: boolean): void {
    if (live) {
      this.#tally.messages += 1
      const took = Math.max(0, Date.now() - at)
      this.#tally.took[Math.min(took, this.#tally.took.length - 1)]! += 1
    }
    if (first > this.last + 1) {
      this.#tally.holes += 1
      return this.#watch()
    }
    this.last = Math.max(this.last, last)
    if (ends) this.done.resolve()
  }
}

function read(data: Buffer): Run {
  const first = Number(digits.exec(data.toString('latin1', 0, 200))?.[1])
  const found = known.get(first)
  if (found?.text.equals(data)) return found.run
  const [, { events }] = JSON.parse(data.toString('utf8', 2)) as [string, { events: StoredEvent[] }]
  const run = inspect(events)
  known.set(first, { text: Buffer.from(data), run })
  return run
}

function inspect(events: StoredEvent[]): Run {
  const [first, last] = [events[0]!, events.at(-1)!]
  if (events.some(({ seq }, index) => seq !== first.seq + index)) throw new Error(`a message has a hole after ${first.seq}`)
  return { first: first.seq, last: last.seq, at: Date.parse(first.at), ends: last.type === 'status' && last.status === 'succeeded' }
}
