import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { AppError } from '../../server/errors.ts'
import { Gateway } from '../../server/realtime/gateway.ts'
import type { Principal } from '../../server/realtime/principal.ts'
import { Publisher } from '../../server/realtime/publisher.ts'
import { createSocketServer } from '../../server/realtime/socket-server.ts'
import type { SocketAdapter } from '../../server/realtime/socket-server.ts'
import type { StoredEvent } from '../../shared/protocol/views.ts'

/** What all nodes share, as they share a database: the stored logs, and whose right still stands. `looks`: how often a node compared a log with what it had sent. */
export type SharedTruth = { logs: Map<string, StoredEvent[]>; revoked: Set<string>; looks: Map<string, number> }

/** One process's part of the watch, bare: sockets, gateway and publisher over a log in memory. A token is `<import id>/<name>`. */
export type FanOutNode = { url: string; publisher: Publisher; gateway: Gateway; close(): Promise<void> }

export async function startNode(truth: SharedTruth, adapter: SocketAdapter | undefined): Promise<FanOutNode> {
  const server = createServer()
  const sockets = createSocketServer(server, () => true, adapter)
  const { io } = sockets
  const gateway = new Gateway(sockets, servicesOver(truth), pino({ level: 'silent' }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    gateway.stop()
    await io.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, publisher: new Publisher(sockets), gateway, close }
}

function servicesOver({ logs, revoked, looks }: SharedTruth): ConstructorParameters<typeof Gateway>[1] {
  return {
    authenticate: async ({ token = '' }) => {
      const [importId = ''] = token.split('/')
      if (revoked.has(token)) throw new AppError('unauthenticated', 'That token was revoked.')
      return { type: 'watch', userId: `user of ${token}`, userName: 'somebody', importId, tokenId: token, expiresAt: Date.now() + 3_600_000 }
    },
    view: async (importId) => await Promise.resolve(viewOf(importId)),
    events: async (importId, after, limit) => {
      const log = logs.get(importId) ?? []
      const events = log.slice(after, after + limit)
      return await Promise.resolve({ events, lastSeq: log.length, more: after + events.length < log.length })
    },
    lastSeqs: async (importIds) => {
      for (const importId of importIds) looks.set(importId, (looks.get(importId) ?? 0) + 1)
      return await Promise.resolve(new Map(importIds.map((importId) => [importId, logs.get(importId)?.length ?? 0])))
    },
    refresh: async (principal) => await Promise.resolve(principal),
    stands: async (principal: Principal) => await Promise.resolve(principal.type === 'watch' && !revoked.has(principal.tokenId)),
    renew: async () => await Promise.resolve(null),
  }
}

export function viewOf(importId: string) {
  const ledger = { total: null, succeeded: 0, failed: 0, skipped: 0, notReached: null }
  const progress = { percent: null, done: 0, total: null, unit: 'records', rate: null, etaMs: null } as const
  return {
    id: importId,
    kind: 'restore' as const,
    title: 'backup.json',
    status: 'running' as const,
    stalled: false,
    user: { id: 'user', name: 'somebody' },
    requestId: 'request',
    files: [],
    options: {},
    progress,
    ledger,
    attempt: 1,
    lastSeq: 0,
    createdAt: '2026-11-21T00:00:00.000Z',
  }
}
