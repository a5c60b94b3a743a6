import Router from '@koa/router'
import Koa from 'koa'
import type { Registry } from 'prom-client'
import type { Authenticator } from '../auth/authenticate.ts'
import type { ExchangeLogins } from '../auth/exchange-logins.ts'
import type { LoginSessions } from '../auth/login-sessions.ts'
import type { Users } from '../auth/users.ts'
import type { WatchTokens } from '../auth/watch-tokens.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { EventSignals } from '../realtime/event-signals.ts'
import type { ImportControl } from '../sessions/import-control.ts'
import type { ImportReader } from '../sessions/import-reader.ts'
import type { RunPictures } from '../sessions/run-pictures.ts'
import type { ImportStarter } from '../sessions/import-starter.ts'
import type { Uploads } from '../sessions/uploads/uploads.ts'
import type { HashThread } from '../storage/hash-thread.ts'
import type { Storage } from '../storage/storage.ts'
import type { AccountRecords } from '../destinations/account-records.ts'
import type { TargetRecords } from '../targets/target-records.ts'
import type { ImportKind } from '../../shared/protocol/views.ts'
import type { State } from './context.ts'
import { exchangeEndpoint } from './exchange/exchange-endpoint.ts'
import type { ExchangeParts } from './exchange/exchange-endpoint.ts'
import { createAccess } from './middleware/access.ts'
import { errorExit } from './middleware/error-exit.ts'
import type { RateLimits } from './middleware/rate-limits.ts'
import { requestId } from './middleware/request-id.ts'
import { refuseCrossSite } from './middleware/same-origin.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { accountRoutes } from './routes/account-routes.ts'
import { healthRoutes } from './routes/health-routes.ts'
import { importRoutes } from './routes/import-routes.ts'
import { openApiRoutes } from './routes/openapi-routes.ts'
import { sampleRoutes } from './routes/sample-routes.ts'
import { sessionRoutes } from './routes/session-routes.ts'
import { startImportRoute } from './routes/start-import.ts'
import type { KindIntake } from './routes/start-import.ts'
import { catalogRoutes } from './routes/catalog-routes.ts'
import { targetRoutes } from './routes/target-routes.ts'
import { uploadRoutes } from './routes/upload-routes.ts'
import { traceRoute } from './routes/trace-route.ts'
import { userRoutes } from './routes/user-routes.ts'
import { watchTokenRoutes } from './routes/watch-token-routes.ts'
import { responseFailures } from './response-failures.ts'
import { staticPages } from './static-pages.ts'
import type { UploadReceiver } from './uploads/upload-receiver.ts'
import { createWatchCookies } from './watch-cookies.ts'

export type HttpParts = {
  log: Logger
  database: Database
  authenticator: Authenticator
  logins: LoginSessions
  users: Users
  tokens: WatchTokens
  targets: TargetRecords
  accounts: AccountRecords
  storage: Storage
  hashing: HashThread
  uploads: Uploads
  receiver: UploadReceiver
  starter: ImportStarter
  reader: ImportReader
  control: ImportControl
  signals: EventSignals
  metrics: Registry
  rateLimits: RateLimits
  importers: Partial<Record<ImportKind, { intake: KindIntake }>>
  publicUrl: URL | undefined
  trustProxy: boolean
  watchTokenMs: number
  maxUploadBytes: number
  pagesDir: string
  samplesDir: string
  packageFile: string
  pictures: RunPictures
  exchange: Omit<ExchangeParts, 'log' | 'rateLimits' | 'exchangeLogins' | 'storage' | 'hashing' | 'secureCookies'>
  exchangeLogins: ExchangeLogins
  closing: () => boolean
  /** What must be up for this process to work, by name; each rejects when it is not. */
  needed: Record<string, () => Promise<void>>
}

/** The Koa application: what every request passes, then the routes. */
export function createHttpApp(parts: HttpParts): Koa<State> {
  const https = parts.publicUrl?.protocol === 'https:'
  const app = new Koa<State>({ proxy: parts.trustProxy })
  const failures = responseFailures(parts.log)
  app.on('error', (error: unknown, ctx: Koa.Context) => failures.log(error, ctx))
  app.use(failures.note)
  app.use(requestId(parts.log))
  app.use(securityHeaders(https))
  app.use(async (ctx, next) => {
    ctx.cookies.secure = https
    await next()
  })
  app.use(exchangeEndpoint({ ...parts, ...parts.exchange, secureCookies: https }))
  app.use(errorExit(parts.log))
  app.use(staticPages(parts.pagesDir))
  app.use(refuseCrossSite(parts.publicUrl))
  app.use(async (ctx, next) => {
    // No address of ours holds U+0000, and no database could look for it.
    if (ctx.url.includes('%00')) throw new AppError('bad_request', 'The address can’t be read.')
    if (parts.closing() && ctx.method !== 'GET') throw new AppError('shutting_down', 'The server is stopping. Try again when it is back.')
    await next()
    if (ctx.status === 405 || ctx.status === 501) throw new AppError('method_not_allowed', 'This address does not take that method.')
    if (ctx.status === 404 && ctx.body === undefined && /^\/api(\/|$)/.test(ctx.path)) throw new AppError('not_found', 'There is nothing here.')
  })
  const router = createRouter(parts, https)
  app.use(router.routes())
  // Says in Allow which methods an address takes.
  app.use(router.allowedMethods())
  return app
}

function createRouter(parts: HttpParts, secureCookies: boolean): Router<State> {
  const router = new Router<State>()
  const access = createAccess(parts.authenticator)
  const cookies = createWatchCookies({ lifeMs: parts.watchTokenMs, secure: secureCookies })
  healthRoutes(router, parts)
  sessionRoutes(router, { ...parts, access, secureCookies })
  openApiRoutes(router, parts)
  userRoutes(router, { ...parts, access })
  targetRoutes(router, { ...parts, access })
  catalogRoutes(router, { ...parts, access })
  accountRoutes(router, { ...parts, access })
  sampleRoutes(router, { dir: parts.samplesDir, access })
  uploadRoutes(router, { ...parts, access })
  startImportRoute(router, { ...parts, access, cookies })
  traceRoute(router, { ...parts, access })
  importRoutes(router, { ...parts, access, cookies })
  watchTokenRoutes(router, { ...parts, access, cookies })
  return router
}
