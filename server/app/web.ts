import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { AppError, messageOf } from '../errors.ts'
import { RunPictures } from '../sessions/run-pictures.ts'
import { createHttpApp } from '../http/http-app.ts'
import { createRateLimits } from '../http/middleware/rate-limits.ts'
import type { RateLimits } from '../http/middleware/rate-limits.ts'
import type { Closers } from '../logging/closers.ts'
import type { Logger } from '../logging/logger.ts'
import { createMetrics } from '../logging/metrics.ts'
import { readEvents, readLastSeqs } from '../realtime/event-rows.ts'
import { Gateway } from '../realtime/gateway.ts'
import type { Handshake } from '../realtime/gateway.ts'
import type { Principal } from '../realtime/principal.ts'
import type { SocketServer } from '../realtime/socket-server.ts'
import { readRunAges } from '../sessions/run-ages.ts'
import type { Engine } from './engine.ts'
import type { Exchange } from './exchange.ts'
import type { Importers } from './importers.ts'
import type { Logins } from './logins.ts'
import type { Runs } from './runs.ts'
import type { Stores } from './stores.ts'
import type { Receiving } from './uploads.ts'

const projectDir = path.dirname(path.dirname(import.meta.dirname))

export type WebParts = {
  stores: Stores
  logins: Logins
  runs: Runs
  exchange: Exchange
  receiving: Receiving
  engine: Engine
  importers: Importers
  server: Server
  sockets: SocketServer
}

/** The HTTP server, bare: requests are answered once `serveWeb` has been called. */
export function createWebServer(): Server {
  // Longer than load balancers keep a connection that is idle (60 s mostly): none of them sends a request on one that is just being closed.
  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 65_000 })
  // An upload may take long, but it may not stand still.
  server.setTimeout(120_000)
  return server
}

/** Answers HTTP and sockets. Resolves with the address once it listens. */
export async function serveWeb(config: Config, log: Logger, closers: Closers, parts: WebParts): Promise<string> {
  const { stores, logins, runs, engine, importers, server } = parts
  const rateLimits = createRateLimits(engine.counter)
  const gateway = createGateway(config, rateLimits, parts, log)
  let closing = false
  const app = createHttpApp({
    ...stores,
    ...logins,
    ...runs,
    uploads: parts.receiving.uploads,
    receiver: parts.receiving.receiver,
    pictures: new RunPictures(stores.database, stores.storage),
    exchange: { ...parts.exchange, fileLimit: config.exchange.fileLimit },
    log: log.child({ scope: 'http' }),
    metrics: createMetrics(async () => await readRunAges(stores.database)),
    rateLimits,
    needed: { database: async () => await stores.database.ping(), storage: async () => await stores.storage.ping(), ...engine.parts },
    importers,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    watchTokenMs: config.watchTokenMs,
    maxUploadBytes: config.maxUploadBytes,
    pagesDir: path.join(projectDir, 'dist', 'client'),
    samplesDir: path.join(projectDir, 'samples'),
    packageFile: path.join(projectDir, 'package.json'),
    closing: () => closing,
  })
  const answer = app.callback()
  // Engine.IO answers its own path; a second answer to the same request would end the process.
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/socket.io/')) void answer(request, response)
  })
  closers.add('rights of sockets', () => gateway.stop())
  engine.reconnected(() => {
    gateway.revalidate().catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'the rights of open sockets could not be looked up'))
  })
  await listen(server, config)
  closers.add('intake of new work', () => {
    closing = true
    server.closeIdleConnections()
  })
  return addressOf(server.address() as AddressInfo)
}

function createGateway(config: Config, rateLimits: RateLimits, { sockets, stores: { database }, logins, runs }: WebParts, log: Logger): Gateway {
  const services = {
    authenticate: async (handshake: Handshake) => {
      const address = (config.trustProxy && handshake.forwardedFor?.split(',')[0]?.trim()) || handshake.address
      await rateLimits.socket.check(address)
      try {
        return await logins.authenticator.authenticate(handshake, false)
      } catch (refused) {
        await rateLimits.socket.refused(address)
        throw refused
      }
    },
    ...eventServices(database),
    view: async (importId: string) => await runs.reader.find(importId),
    refresh: async (principal: Parameters<Logins['logins']['refresh']>[0]) => await logins.logins.refresh(principal),
    stands: async (principal: Principal) =>
      principal.type === 'watch' ? await logins.tokens.stands(principal) : (await logins.logins.refresh(principal)) !== null,
    renew: async (principal: Parameters<Logins['tokens']['renew']>[0]) => await logins.tokens.renew(principal),
  }
  return new Gateway(sockets, services, log.child({ scope: 'realtime' }))
}

function eventServices(database: Database) {
  return {
    events: async (importId: string, after: number, limit: number) => await readEvents(database.em(), importId, { after, limit }),
    lastSeqs: async (importIds: string[]) => await readLastSeqs(database.em(), importIds),
  }
}

async function listen(server: Server, { host, port }: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('unavailable', `HOST and PORT can’t be listened on (${messageOf(cause)}).`, { cause })))
    server.listen(port, host, () => resolve())
  })
}

function addressOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
