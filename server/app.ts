import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { newId } from './auth/secrets.ts'
import type { Config } from './config/config.ts'
import { loadSecretKey } from './config/secret-key.ts'
import { openDatabase } from './database/database.ts'
import type { Database } from './database/database.ts'
import { Authenticator } from './auth/authenticate.ts'
import { LoginSessions } from './auth/login-sessions.ts'
import type { CloseSockets } from './auth/login-sessions.ts'
import { Users } from './auth/users.ts'
import { WatchTokens } from './auth/watch-tokens.ts'
import { createHttpApp } from './http/http-app.ts'
import type { KindIntake } from './http/routes/start-import.ts'
import { countInMemory, createRateLimits } from './http/middleware/rate-limits.ts'
import { socketOriginAllowed } from './http/middleware/same-origin.ts'
import { restoreIntake } from './importers/restore/intake.ts'
import { LiveRuns } from './jobs/live-runs.ts'
import { LocalQueue } from './jobs/local-queue.ts'
import { AttemptRunner } from './jobs/run-attempt.ts'
import { holdInstanceLock } from './locks/instance-lock.ts'
import { SqlLeases } from './locks/leases.ts'
import { Closers } from './logging/closers.ts'
import type { Logger } from './logging/logger.ts'
import { createMetrics } from './logging/metrics.ts'
import { EventLog } from './realtime/event-log.ts'
import { readEvents } from './realtime/event-rows.ts'
import { EventSignals } from './realtime/event-signals.ts'
import { createSocketServer, Gateway } from './realtime/gateway.ts'
import { Publisher } from './realtime/publisher.ts'
import { rooms } from './realtime/rooms.ts'
import { SqlAttemptStore } from './sessions/attempt-store.ts'
import { ImportControl } from './sessions/import-control.ts'
import { ImportReader } from './sessions/import-reader.ts'
import { ImportStarter } from './sessions/import-starter.ts'
import { recover, takeUp } from './sessions/recover.ts'
import { startStallWatch, startSweeper, startTakingUp } from './sessions/upkeep.ts'
import { HashThread } from './storage/hash-thread.ts'
import { openStorage } from './storage/open-storage.ts'
import type { Storage } from './storage/storage.ts'
import { openTarget } from './targets/registry.ts'
import { createSealer } from './targets/sealed.ts'
import { TargetRecords } from './targets/target-records.ts'
import type { ImportKind } from '../shared/protocol/views.ts'

/** A running Intake. `firstPassword` is that of the administrator who was just made, to be shown once. */
export type App = { address: string; firstPassword: string | null; close(): Promise<void> }

/** An importer as the server knows it: the URL of the module that a run's thread loads, and what is checked before there is a run. */
export type ImporterParts = { module: string; intake: KindIntake }
export type Importers = Partial<Record<ImportKind, ImporterParts>>

const projectDir = path.dirname(import.meta.dirname)

const ownImporters: Importers = {
  restore: { module: new URL('./importers/restore/restore.ts', import.meta.url).href, intake: restoreIntake },
}

/**
 * Builds everything in the order in which it is needed, and listens. What was opened is closed again in reverse order, also after a failed start.
 * `importers` come in addition to the product's own, or in their place: tests bring a scripted one.
 */
export async function createApp(config: Config, log: Logger, importers: Importers = {}): Promise<App> {
  const closers = new Closers(log)
  const close = async () => await closers.close(config.shutdownMs)
  try {
    return { ...(await start(config, log, closers, { ...ownImporters, ...importers })), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(config: Config, log: Logger, closers: Closers, importers: Importers): Promise<Omit<App, 'close'>> {
  const stores = await openStores(config, closers)
  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000 })
  // An upload may take long, but it may not stand still.
  server.setTimeout(120_000)
  const io = createSocketServer(server, (headers) => socketOriginAllowed(headers, config.publicUrl))
  const publisher = new Publisher(io)
  const auth = createAuth(config, stores.database, publisher)
  const runs = createRuns(config, log, { ...stores, publisher, tokens: auth.tokens, importers })
  const gateway = new Gateway(
    io,
    {
      authenticate: async (handshake) => await auth.authenticator.authenticate(handshake, false),
      view: async (importId) => await runs.reader.find(importId),
      events: async (importId, after, limit) => await readEvents(stores.database.em(), importId, { after, limit }),
      refresh: async (principal) => await auth.logins.refresh(principal),
      renew: async (principal) => await auth.tokens.renew(principal),
    },
    log.child({ scope: 'realtime' }),
  )
  let closing = false
  const app = createHttpApp({
    ...stores,
    ...auth,
    ...runs,
    log: log.child({ scope: 'http' }),
    metrics: createMetrics(),
    rateLimits: createRateLimits(countInMemory),
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

  const firstPassword = await auth.users.ensureAdministrator(config.admin.login, config.admin.password)
  closers.add('upkeep', startSweeper({ ...stores, keepUploadsMs: config.keepUploadsMs, expiring: [auth.logins, auth.tokens], log }))
  closers.add('stall watch', startStallWatch(runs.live, runs.reader, publisher))
  closers.add('sockets and connections', async () => {
    const closed = gateway.close()
    server.closeAllConnections()
    await closed
  })
  closers.add('running attempts', async () => await runs.stop())
  await runs.begin()
  closers.add('search for lost runs', startTakingUp(runs.takeUpLost, log))
  await listen(server, config)
  closers.add('intake of new work', () => {
    closing = true
    server.closeIdleConnections()
  })
  return { address: addressOf(server.address() as AddressInfo), firstPassword }
}

async function openStores(config: Config, closers: Closers) {
  const secretKey = await loadSecretKey(config.secretKey, config.dataDir)
  closers.add('instance lock', await holdInstanceLock(config.database))
  const database = await openDatabase(config.database)
  closers.add('app database', async () => await database.close())
  const storage = await openStorage(config.storage)
  closers.add('storage', async () => await storage.close())
  const hashing = new HashThread()
  closers.add('hashing', async () => await hashing.close())
  await mkdir(path.join(config.dataDir, 'targets'), { recursive: true, mode: 0o700 })
  const places = { targetsDir: path.join(config.dataDir, 'targets'), sqliteDirs: config.sqliteDirs }
  const targets = new TargetRecords(database, places, createSealer(secretKey))
  await targets.ensureMain()
  return { database, storage, hashing, targets }
}

function createAuth(config: Config, database: Database, publisher: Publisher) {
  const closeSockets: CloseSockets = (what, reason) => {
    if ('userId' in what) publisher.revoke(rooms.user(what.userId), reason)
    else if ('loginId' in what) publisher.revoke(rooms.login(what.loginId), reason)
    else for (const tokenId of what.tokenIds) publisher.revoke(rooms.token(tokenId), reason)
  }
  const users = new Users(database, (userId, reason) => closeSockets({ userId }, reason))
  const logins = new LoginSessions(database, { idleMs: config.loginIdleMs, absoluteMs: config.loginAbsoluteMs }, closeSockets)
  const tokens = new WatchTokens(database, config.watchTokenMs, closeSockets)
  return { users, logins, tokens, authenticator: new Authenticator(logins, tokens) }
}

type RunParts = { database: Database; storage: Storage; targets: TargetRecords; publisher: Publisher; tokens: WatchTokens; importers: Importers }

/** Everything that makes a run: its log, its queue, its attempts, and what people do to it. */
function createRuns(config: Config, log: Logger, { database, storage, targets, publisher, tokens, importers }: RunParts) {
  const live = new LiveRuns()
  const reader = new ImportReader(database, live)
  const signals = new EventSignals()
  const events = new EventLog(database, async ({ importId, events: stored, patched }) => {
    publisher.events(importId, stored)
    signals.stored(importId)
    const view = patched ? await reader.find(importId) : null
    if (view) publisher.importChanged(view)
  })
  const queue = new LocalQueue(config.jobConcurrency, log.child({ scope: 'queue' }))
  const enqueue = async (importId: string) => await queue.add([{ importId, attempt: 0 }])
  const store = new SqlAttemptStore({
    database,
    events,
    publisher,
    live,
    storageAddress: config.storage,
    importers,
    addressOf: async (targetId) => await targets.addressOf(targetId),
    openTarget,
  })
  const leases = new SqlLeases(database)
  const runner = new AttemptRunner({
    store,
    leases,
    live,
    log: log.child({ scope: 'jobs' }),
    options: { memoryMb: config.jobMemoryMb, leaseMs: 30_000, drainMs: Math.min(10_000, config.shutdownMs / 2) },
    owner: newId(),
    released: () => queue.wake(),
  })
  return {
    live,
    reader,
    signals,
    control: new ImportControl({ database, events, runner, storage, enqueue, endCancelled: async (importId) => await store.endCancelled(importId) }),
    starter: new ImportStarter({ database, events, tokens, enqueue }),
    /** Puts right what a former process left, then lets the queue work. */
    begin: async () => {
      // The instance lock is held: whoever had a lease is gone.
      await leases.clear()
      await recover({ database, store, storage, enqueue, log })
      queue.start(async (importId) => await runner.run(importId, (again) => void enqueue(again)))
    },
    takeUpLost: async () => await takeUp({ database, store, enqueue }, (importId) => runner.holds(importId), 'Its worker was lost without a word.'),
    stop: async () => {
      runner.stopAll()
      await queue.close()
    },
  }
}

async function listen(server: Server, { host, port }: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
}

function addressOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
