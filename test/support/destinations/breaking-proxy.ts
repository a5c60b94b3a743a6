import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Stands between a client and a server, and breaks. */
export type BreakingProxy = {
  port: number
  /** Bytes that clients have sent through it. */
  sent(): number
  /** Connections that are open now, and all that ever were. */
  open(): number
  opened(): number
  /** After so many more bytes from clients every connection is cut, and no new one gets through until `heal`. */
  breakAfter(bytes: number): void
  heal(): void
  close(): Promise<void>
}

export async function startProxy(toPort: number): Promise<BreakingProxy> {
  const sockets = new Set<Socket>()
  let [sent, opened] = [0, 0]
  let most = Infinity
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    if (sent >= most) return void client.destroy()
    opened += 1
    const upstream = connect(toPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (piece) => {
      sent += piece.length
      if (sent >= most) cut()
    })
    client.pipe(upstream)
    upstream.pipe(client)
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    // Each has two ends.
    open: () => sockets.size / 2,
    opened: () => opened,
    breakAfter: (bytes) => {
      most = sent + bytes
      if (bytes === 0) cut()
    },
    heal: () => {
      most = Infinity
    },
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
