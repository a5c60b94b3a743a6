import { messageOf } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { Broadcasts } from './broadcasts.ts'
import type { HeldBack } from './held-back.ts'
import type { SocketServer } from './socket-server.ts'
import type { IntakeServer, IntakeSocket } from './sockets.ts'
import { importOfRoom, rooms } from './rooms.ts'
import { isBehind, sendToCatchUp } from './slow-sockets.ts'

const lookEveryMs = 1000

/**
 * Nobody waits for ever. What carries events between processes may lose some, and the last of a run is followed by nothing that would show it. So once a
 * second what is stored of the watched runs is compared with what each socket of this process was sent; one that has missed something is told to catch up.
 */
export class Tail {
  readonly #io: IntakeServer
  readonly #broadcasts: Broadcasts
  readonly #held: HeldBack
  readonly #lastSeqs: (importIds: string[]) => Promise<Map<string, number>>
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #before = new Map<string, number>()
  #looking = false

  constructor({ io, broadcasts, held }: SocketServer, lastSeqs: (importIds: string[]) => Promise<Map<string, number>>, log: Logger) {
    this.#io = io
    this.#broadcasts = broadcasts
    this.#held = held
    this.#lastSeqs = lastSeqs
    this.#log = log
    this.#timer = setInterval(() => void this.#look(), lookEveryMs)
  }

  /**
   * The socket joins the room of the run. Answers a function that notes what it was sent besides, or told how to get: everything up to `seq`. Until then
   * nobody knows what it has.
   */
  async join(socket: IntakeSocket, importId: string): Promise<(seq: number) => void> {
    await socket.join(rooms.import(importId))
    const before = this.#broadcasts.lastSeq(importId)
    return (seq) => void socket.data.sent.set(importId, { seq, before })
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const watched = this.#watched()
      const held = this.#held.any()
      for (const [importId, sockets] of watched) for (const socket of sockets) this.#check(socket, importId, held)
      this.#broadcasts.keepOnly(watched)
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

  #check(socket: IntakeSocket, importId: string, held: boolean): void {
    const stored = this.#before.get(importId) ?? 0
    const missed = (this.#sent(socket, importId) ?? stored) < stored
    if (missed || (held && isBehind(socket))) sendToCatchUp(socket, importId, stored)
  }

  /** The room was sent more since the socket joined it, or else it has what it was told itself. */
  #sent(socket: IntakeSocket, importId: string): number | undefined {
    const own = socket.data.sent.get(importId)
    const room = this.#broadcasts.lastSeq(importId)
    return own && room > own.before ? Math.max(own.seq, room) : own?.seq
  }
}
