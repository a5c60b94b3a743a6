import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { StoredEvent } from '../../shared/protocol/views.ts'
import { batches } from './pace.ts'
import type { Pace } from './pace.ts'

/**
 * What a broadcast costs at the least: `ws` sends the same text to each of its clients. It stores nothing, and nobody has to be let in. The pace is its
 * first argument, as JSON.
 */
const [, , pace = ''] = process.argv
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
let seq = 0

function broadcast(drafts: Omit<StoredEvent, 'seq' | 'at'>[]): void {
  const at = new Date().toISOString()
  const events = drafts.map((draft) => ({ seq: ++seq, at, ...draft }))
  const packet = Buffer.from(`42${JSON.stringify(['event', { importId: 'table_1763706660000_AAAAAAAAAAAAAAAA', events }])}`)
  for (const client of server.clients) client.send(packet, { binary: false })
}

server.once('listening', () => process.stdout.write(`listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
for await (const lines of batches(JSON.parse(pace) as Pace)) broadcast(lines.map((message) => ({ type: 'log', level: 'info', message })))
broadcast([{ type: 'status', status: 'succeeded', level: 'info' }])
