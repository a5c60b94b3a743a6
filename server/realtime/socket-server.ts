import type { IncomingHttpHeaders, Server as HttpServer } from 'node:http'
import { Server } from 'socket.io'
import type { ServerOptions } from 'socket.io'
import { Broadcasts } from './broadcasts.ts'
import { HeldBack } from './held-back.ts'
import { sendAsOneFrame } from './one-frame.ts'
import type { IntakeServer } from './sockets.ts'

/** What carries messages to the sockets of other processes; without one, this process is the only one. */
export type SocketAdapter = NonNullable<ServerOptions['adapter']>

export type SocketServer = { io: IntakeServer; broadcasts: Broadcasts; held: HeldBack }

/** The socket server, bare. `originAllowed` says whether a request with these headers may open a socket here. */
export function createSocketServer(
  http: HttpServer,
  originAllowed: (headers: IncomingHttpHeaders) => boolean,
  adapter: SocketAdapter | undefined,
): SocketServer {
  const broadcasts = new Broadcasts()
  const io: IntakeServer = new Server(http, {
    ...(adapter && { adapter }),
    parser: broadcasts.parser(),
    path: '/socket.io',
    serveClient: false,
    // Measured: compression cuts the rate to a fifth and takes a gigabyte at a thousand sockets.
    perMessageDeflate: false,
    maxHttpBufferSize: 64 * 1024,
    // connectionStateRecovery stays off: it skips the auth middleware, and what was missed is replayed by `seq` anyway.
    connectTimeout: 20_000,
    pingInterval: 20_000,
    pingTimeout: 20_000,
    // The `cors` option does not check the origin of WebSockets; this does, for every transport, before anything else.
    allowRequest: (request, decide) => decide(null, originAllowed(request.headers)),
  })
  const held = new HeldBack()
  sendAsOneFrame(io, held)
  return { io, broadcasts, held }
}
