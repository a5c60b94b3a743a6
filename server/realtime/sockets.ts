import type { Server, Socket } from 'socket.io'
import type { ClientToServer, ServerToClient } from '../../shared/protocol/events.ts'
import type { MessageBudget } from './message-budget.ts'
import type { Principal } from './principal.ts'

/**
 * What the server keeps with a socket. `sent`, by import session: it was told how to get everything up to `seq`, in a room that had been sent everything up
 * to `before` when it joined.
 */
export type SocketData = { principal: Principal; sent: Map<string, { seq: number; before: number }>; budget: MessageBudget }
export type IntakeServer = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>
export type IntakeSocket = Socket<ClientToServer, ServerToClient, Record<string, never>, SocketData>
