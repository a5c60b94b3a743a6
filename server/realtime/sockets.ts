import type { Server, Socket } from 'socket.io'
import type { ClientToServer, ServerToClient } from '../../shared/protocol/events.ts'
import type { Principal } from './principal.ts'

/** What the server keeps with a socket. `sent`: the last event of each import session that it was sent. */
export type SocketData = { principal: Principal; sent: Map<string, number> }
export type IntakeServer = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>
export type IntakeSocket = Socket<ClientToServer, ServerToClient, Record<string, never>, SocketData>
