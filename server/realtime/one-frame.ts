import type { Socket as NetworkSocket } from 'node:net'
import type { Connection, Framed } from './connection.ts'
import type { HeldBack } from './held-back.ts'
import type { IntakeServer } from './sockets.ts'

const openWebSocket = 1

/**
 * Sends each broadcast as one buffer, straight to the network of each socket that has nothing else to send. Otherwise engine.io would queue the message for
 * each socket and wait for each write to be done, and `ws` write header and text apart: two fifths of what a message of log lines costs. A socket whose
 * network does not take everything, or that is no WebSocket, goes that usual way: what it keeps for later stays in order, and `held` knows of it.
 */
export function sendAsOneFrame(io: IntakeServer, held: HeldBack): void {
  io.engine.on('connection', (connection: Connection) => {
    const write = connection.write.bind(connection)
    connection.write = (data, options, callback) => {
      const frame = callback === undefined && options ? inOne(options) : undefined
      const network = frame && idleNetwork(connection)
      if (network) network.write(frame)
      else {
        write(data, options, callback)
        held.note(connection)
      }
      return connection
    }
  })
}

/** All sockets of a room get the same `options`: their frame is put together for the first of them. */
function inOne(options: Framed): Buffer | undefined {
  const { wsPreEncodedFrame: parts } = options
  if (parts && parts.length > 1) options.wsPreEncodedFrame = [Buffer.concat(parts)]
  return options.wsPreEncodedFrame?.[0]
}

/** The network below a WebSocket that is open and has nothing that waits to be sent. */
function idleNetwork({ readyState, writeBuffer, transport }: Connection): NetworkSocket | undefined {
  if (readyState !== 'open' || !transport.writable || writeBuffer.length > 0) return undefined
  const network = transport.socket?.readyState === openWebSocket ? transport.socket._socket : undefined
  return network?.writable && network.writableLength === 0 ? network : undefined
}
