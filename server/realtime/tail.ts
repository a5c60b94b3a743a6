import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { IntakeServer, IntakeSocket } from './sockets.ts'
import { importOfRoom } from './rooms.ts'
import { isBehind, sendToCatchUp } from './slow-sockets.ts'

const lookEveryMs = 1000

/**
 * Nobody waits for ever. What carries events between processes may lose some, and the last of a run is followed by nothing that would show it. So once a
 * second what is stored of the watched runs is compared with what each socket of this process was sent; one that has missed something is told to catch up.
 */
export class Tail {
  readonly #io: IntakeServer
  readonly #lastSeqs: (importIds: string[]) => Promise<Map<string, number>>
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #before = new Map<string, number>()
  #looking = false

  constructor(io: IntakeServer, lastSeqs: (importIds: string[]) => Promise<Map<string, number>>, log: Logger) {
    this.#io = io
    this.#lastSeqs = lastSeqs
    this.#log = log
    this.#timer = setInterval(() => void this.#look(), lookEveryMs)
  }

  /** Notes what this socket is sent from now on. */
  follow(socket: IntakeSocket): void {
    socket.data.sent = new Map()
    socket.onAnyOutgoing((name: string, message: unknown) => {
      if (name !== 'event') return
      const { importId, events } = message as { importId: string; events: { seq: number }[] }
      this.sent(socket, importId, events.at(-1)?.seq ?? 0)
    })
  }

  /** The socket was sent, or told how to get, everything up to `seq`. */
  sent(socket: IntakeSocket, importId: string, seq: number): void {
    const { sent } = socket.data
    sent.set(importId, Math.max(seq, sent.get(importId) ?? 0))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const watched = this.#watched()
      for (const [importId, sockets] of watched) for (const socket of sockets) this.#check(socket, importId)
      // What is stored now must have been sent by the next look.
      this.#before = watched.size > 0 ? await this.#lastSeqs([...watched.keys()]) : new Map<string, number>()
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'the logs of watched runs could not be looked at')
    } finally {
      this.#looking = false
    }
  }

  #watched(): Map<string, IntakeSocket[]> {
    const { adapter, sockets } = this.#io.of('/')
    const watched = new Map<string, IntakeSocket[]>()
    for (const [room, ids] of adapter.rooms) {
      const importId = importOfRoom(room)
      if (importId !== null)
        watched.set(
          importId,
          [...ids].flatMap((id) => sockets.get(id) ?? []),
        )
    }
    return watched
  }

  #check(socket: IntakeSocket, importId: string): void {
    const stored = this.#before.get(importId) ?? 0
    const missed = (socket.data.sent.get(importId) ?? stored) < stored
    if (missed || isBehind(socket)) sendToCatchUp(socket, importId, stored)
  }
}
