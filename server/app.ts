import { createServer } from 'node:http'
import { openEngine, standAlone } from './app/engine.ts'
import { ownImporters } from './app/importers.ts'
import type { Importers } from './app/importers.ts'
import { createExchange } from './app/exchange.ts'
import type { Exchange } from './app/exchange.ts'
import { createLogins } from './app/logins.ts'
import { createRuns } from './app/runs.ts'
import { openStores } from './app/stores.ts'
import { createUploads } from './app/uploads.ts'
import type { Receiving } from './app/uploads.ts'
import { createWebServer, serveWeb } from './app/web.ts'
import type { Config } from './config/config.ts'
import { AppError } from './errors.ts'
import { socketOriginAllowed } from './http/middleware/same-origin.ts'
import { Closers } from './logging/closers.ts'
import type { Logger } from './logging/logger.ts'
import { Publisher } from './realtime/publisher.ts'
import { createSocketServer } from './realtime/socket-server.ts'
import { startAgeWatch } from './sessions/run-ages.ts'
import { startReconciling, startStallWatch, startSweeper } from './sessions/upkeep.ts'

/** What a process does: answer people, work on runs, or both. */
export type ProcessRole = 'serve' | 'work' | 'both'

/** A running Intake. `address` is null for one that only works. `firstPassword` is that of the administrator who was just made, to be shown once. */
export type App = { address: string | null; firstPassword: string | null; close(): Promise<void> }

/** `importers` come in addition to the product's own, or in their place: tests bring a scripted one. */
export type AppOptions = { role?: ProcessRole; importers?: Importers }

/**
 * Builds everything in the order in which it is needed, and listens. What was opened is closed again in reverse order, also after a failed start.
 * With the embedded engine there is one process, which does both.
 */
export async function createApp(config: Config, log: Logger, { role = 'both', importers = {} }: AppOptions = {}): Promise<App> {
  if (role === 'work' && config.engine.type === 'embedded')
    throw new AppError('invalid_input', 'A process that only works needs REDIS_URL: without it, the process that serves does the work too.')
  const closers = new Closers(log)
  const close = async () => await closers.close(config.shutdownMs)
  try {
    const serves = role !== 'work'
    const works = role !== 'serve' || config.engine.type === 'embedded'
    return { ...(await start(config, log, closers, { serves, works, importers: { ...ownImporters(config.guard), ...importers } })), close }
  } catch (error) {
    await close()
    throw error
  }
}

type What = { serves: boolean; works: boolean; importers: Importers }

async function start(config: Config, log: Logger, closers: Closers, { serves, works, importers }: What): Promise<Omit<App, 'close'>> {
  await standAlone(config, closers)
  const stores = await openStores(config, closers)
  const engine = await openEngine(config, stores.database, closers, log)
  const server = serves ? createWebServer() : createServer()
  const sockets = createSocketServer(server, (headers) => serves && socketOriginAllowed(headers, config.publicUrl), engine.socketAdapter)
  closers.add('sockets and connections', async () => {
    const closed = sockets.io.close()
    server.closeAllConnections()
    await closed
  })
  const publisher = new Publisher(sockets)
  const logins = createLogins(config, stores.database, publisher)
  const runs = createRuns(config, log, { ...stores, engine, publisher, tokens: logins.tokens, importers })
  const exchange = createExchange(config, { stores, runs, publisher })
  closers.add('1C that waits', async () => await exchange.held.stop())

  const receiving = createUploads(config, stores, engine)
  closers.add('uploads', async () => await receiving.holds.stopAll())

  await runs.recover()
  if (engine.alone) await runs.tidy(true)
  startUpkeep(config, log, closers, { ...stores, logins, runs, exchange, receiving, publisher })
  closers.add('running attempts', async () => await runs.stop())
  if (works) runs.work()
  closers.add(
    'reconciler',
    startReconciling(async () => await runs.reconciler.pass(), config.leaseMs, log),
  )
  const address = serves
    ? await serveWeb(config, log, closers, { stores, logins, runs, exchange, receiving, engine, importers, server, sockets })
    : null
  return { address, firstPassword: stores.firstPassword }
}

type UpkeepParts = Awaited<ReturnType<typeof openStores>> & {
  logins: ReturnType<typeof createLogins>
  runs: ReturnType<typeof createRuns>
  exchange: Exchange
  receiving: Receiving
  publisher: Publisher
}

function startUpkeep(
  config: Config,
  log: Logger,
  closers: Closers,
  { database, storage, logins, runs, exchange, receiving, publisher }: UpkeepParts,
): void {
  const expiring = [logins.logins, logins.tokens, logins.exchangeLogins, exchange, receiving]
  closers.add('upkeep', startSweeper({ database, storage, keepUploadsMs: config.keepUploadsMs, expiring, tidy: async () => await runs.tidy(), log }))
  closers.add('stall watch', startStallWatch({ database, live: runs.live, reader: runs.reader, publisher }))
  closers.add('age watch', startAgeWatch(database, log))
}
