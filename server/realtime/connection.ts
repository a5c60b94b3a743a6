import type { Socket as NetworkSocket } from 'node:net'

/** The WebSocket frame of a message to a room, made once for all its sockets: header and text apart, or in one. */
export type Framed = { wsPreEncodedFrame?: Buffer[] }

/** A connection of engine.io 6, and what is below it while it is a WebSocket of ws 8. `writeBuffer`: messages that it keeps until those before them are sent. */
export type Connection = {
  write(data: unknown, options?: Framed, callback?: unknown): Connection
  readonly readyState: string
  readonly writeBuffer: { data?: string | Buffer }[]
  readonly transport: { writable?: boolean; socket?: { readyState: number; _socket?: NetworkSocket | null } }
}
