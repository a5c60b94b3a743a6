import type { Connection } from './connection.ts'
import type { IntakeSocket } from './sockets.ts'
import { rooms } from './rooms.ts'

/** Packets, and characters in them, that may wait in one socket before it is told to catch up by itself. */
const longestBacklog = { packets: 64, characters: 4 * 1024 * 1024 }

/** Whether engine.io holds more for a socket than it should, because the network does not take it. */
export function isBehind(socket: IntakeSocket): boolean {
  const { writeBuffer = [] } = socket.conn as object as Partial<Connection>
  if (writeBuffer.length > longestBacklog.packets) return true
  return writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), 0) > longestBacklog.characters
}

/** The socket leaves the room of the run, and is told to catch up by `watch` from its own last `seq`. */
export function sendToCatchUp(socket: IntakeSocket, importId: string, lastSeq: number): void {
  void socket.leave(rooms.import(importId))
  socket.data.sent.delete(importId)
  socket.emit('lag', { importId, lastSeq })
}
