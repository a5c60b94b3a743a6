import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import type { ClientToServer, ServerToClient } from '../../shared/protocol/events.ts'
import type { EventPage, ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

const pageSize = 7

/** Speaks the watch protocol as a server on a bad day does: what is stored can always be asked for, what is live may be lost, doubled or late. */
export class LooseServer {
  readonly importId = 'table_1763706660000_loose'
  readonly stored: StoredEvent[] = []
  status: SessionStatus = 'running'
  url = ''
  /** Emits `asked` when a page was asked for and given. */
  readonly questions = new EventEmitter()
  #beforeAnswer = (): void => undefined
  readonly #http = createServer()
  readonly #io = new Server<ClientToServer, ServerToClient>(this.#http)

  async listen(): Promise<this> {
    this.#io.on('connection', (socket) => {
      socket.on('watch', async ({ after = 0 }, ack) => {
        await socket.join('watchers')
        const answer = { ok: true, import: this.view(), ...this.page(after) } as const
        this.#beforeAnswer()
        this.#beforeAnswer = () => undefined
        ack(answer)
        this.questions.emit('asked')
      })
    })
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
    return this
  }

  /** Stores so many lines, and answers them. */
  store(count: number): StoredEvent[] {
    const added = Array.from({ length: count }, (_none, index): StoredEvent => {
      const seq = this.stored.length + index + 1
      return { seq, at: new Date(0).toISOString(), type: 'log', level: 'info', message: `line ${seq}` }
    })
    this.stored.push(...added)
    return added
  }

  emit(events: StoredEvent[]): void {
    if (events.length > 0) this.#io.to('watchers').emit('event', { importId: this.importId, events })
  }

  /** Takes everyone out of the room and tells them so. */
  lag(): void {
    this.#io.to('watchers').emit('lag', { importId: this.importId, lastSeq: this.stored.length })
    this.#io.in('watchers').socketsLeave('watchers')
  }

  cut(): void {
    this.#io.disconnectSockets(true)
  }

  end(): void {
    this.status = 'succeeded'
    this.#io.emit('import', { import: this.view() })
  }

  /** Stores a line more than it tells, and ends between the next look into the log and the answer to it, which is then older than what was told. */
  endWithinAnswer(): void {
    this.#beforeAnswer = () => {
      this.endUntold()
      this.end()
    }
    this.store(1)
    this.lag()
  }

  /** Ends it as a worker does that is lost between the last event and the word that the run has ended. */
  endUntold(): void {
    this.status = 'succeeded'
    const last: StoredEvent = { seq: this.stored.length + 1, at: new Date(0).toISOString(), type: 'status', status: 'succeeded' }
    this.stored.push(last)
    this.emit([last])
  }

  page(after: number): EventPage {
    const rest = this.stored.slice(after)
    return { events: rest.slice(0, pageSize), lastSeq: this.stored.length, more: rest.length > pageSize }
  }

  view(): ImportView {
    const figures = { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }
    return {
      id: this.importId,
      kind: 'table',
      title: 'loose',
      status: this.status,
      stalled: false,
      user: { id: 'user', name: 'User' },
      requestId: 'request',
      files: [],
      options: {},
      progress: { percent: null, done: 0, total: null, unit: 'records', rate: null, etaMs: null },
      ledger: figures,
      attempt: 1,
      lastSeq: this.stored.length,
      createdAt: new Date(0).toISOString(),
    }
  }

  async close(): Promise<void> {
    await this.#io.close()
  }
}
