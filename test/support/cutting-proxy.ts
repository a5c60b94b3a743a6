import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Stands before a server and breaks connections off, each after so many bytes from the client, as long as there are numbers left. */
export async function startCuttingProxy(serverUrl: string, cutAfter: number[]): Promise<{ url: string; cuts: () => number; close(): Promise<void> }> {
  const { hostname, port } = new URL(serverUrl)
  const open = new Set<Socket>()
  const left = [...cutAfter]
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let passed = 0
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (piece) => {
      passed += piece.length
      if (passed <= (left[0] ?? Infinity)) return
      left.shift()
      client.resetAndDestroy()
    })
    client.pipe(upstream)
    upstream.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cutAfter.length - left.length,
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
