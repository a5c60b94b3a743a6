import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { ImportView, Ledger, Progress, StoredEvent } from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import type { HeldBack } from './held-back.ts'
import { rooms } from './rooms.ts'
import { isBehind, sendToCatchUp } from './slow-sockets.ts'
import type { SocketServer } from './socket-server.ts'
import type { IntakeServer } from './sockets.ts'

/** Emits to rooms what was stored before. At most once, in order; a socket that is too slow leaves the room and is told so. */
export class Publisher {
  readonly #io: IntakeServer
  readonly #held: HeldBack

  constructor({ io, held }: Pick<SocketServer, 'io' | 'held'>) {
    this.#io = io
    this.#held = held
  }

  events(importId: string, events: StoredEvent[]): void {
    const first = events[0]
    if (!first) return
    if (this.#held.any()) this.#dropSlow(importId, first.seq - 1)
    this.#io.to(rooms.import(importId)).emit('event', { importId, events })
  }

  importChanged(view: ImportView): void {
    this.#io.to([rooms.import(view.id), rooms.history]).emit('import', { import: view })
  }

  progress(message: { importId: string; status: SessionStatus; progress: Progress; ledger: Ledger }): void {
    this.#io.to([rooms.import(message.importId), rooms.history]).volatile.emit('progress', message)
  }

  /** Closes the sockets of a room at once, on every node, and says why. */
  revoke(room: string, reason: RevokeReason): void {
    this.#io.to(room).emit('revoked', { reason })
    this.#io.in(room).disconnectSockets(true)
  }

  #dropSlow(importId: string, lastSeq: number): void {
    const room = rooms.import(importId)
    const { adapter, sockets } = this.#io.of('/')
    for (const id of adapter.rooms.get(room) ?? []) {
      const socket = sockets.get(id)
      if (socket && isBehind(socket)) sendToCatchUp(socket, importId, lastSeq)
    }
  }
}
