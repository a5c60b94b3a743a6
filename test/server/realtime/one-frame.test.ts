import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createSocketServer } from '../../../server/realtime/socket-server.ts'
import { Publisher } from '../../../server/realtime/publisher.ts'

it('a broadcast leaves as one buffer, which is one frame', async () => {
  const http = createServer()
  const sockets = createSocketServer(http, () => true, undefined)
  const { io } = sockets
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const raw = connect((http.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(async () => {
    raw.destroy()
    await io.close()
  })
  raw.write(upgrade)
  raw.once('data', () => raw.write(masked('40')))
  const [socket] = (await once(io, 'connection')) as [{ join(room: string): void; conn: { transport: { socket: { _socket: { write: unknown } } } } }]
  socket.join('import:restore_1')
  const written: unknown[] = []
  socket.conn.transport.socket._socket.write = (part: unknown) => written.push(part)

  new Publisher(sockets).events('restore_1', [{ seq: 1, at: '2026-11-21T00:00:00Z', type: 'log', level: 'info', message: 'é'.repeat(100) }])

  expect(written).toHaveLength(1)
  const frame = written[0] as Buffer
  const [text, lengthOf16Bits] = [0x81, 126]
  expect([frame[0], frame[1], frame.readUInt16BE(2)]).toEqual([text, lengthOf16Bits, frame.length - 4])
  expect(frame.toString('utf8', 4)).toMatch(/^42\["event",\{"importId":"restore_1".*é{100}/)
})

const upgrade = [
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n')

/** A text frame as clients send it, with a mask of zeros. */
function masked(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 + text.length, 0, 0, 0, 0]), Buffer.from(text)])
}
