import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { secretSettings, settings } from './settings.ts'

export type AppDatabase = { type: 'sqlite'; file: string } | { type: 'postgresql'; url: string; pool?: number }

/** Where uploads lie. Plain data: a run's thread opens its storage by it. `prefix` begins the name of each object. */
export type StorageAddress =
  | { type: 'disk'; root: string }
  | {
      type: 's3'
      /** Undefined for Amazon's own. */
      endpoint: string | undefined
      region: string
      bucket: string
      prefix: string
      accessKeyId: string
      secretAccessKey: string
      /** `host/bucket/key` instead of `bucket.host/key`. */
      forcePathStyle: boolean
    }

/** One process with nothing else installed, or any number of them that meet in Redis. */
export type EngineChoice = { type: 'embedded' } | { type: 'distributed'; redisUrl: string; prefix: string }

export type Config = {
  engine: EngineChoice
  host: string
  port: number
  dataDir: string
  database: AppDatabase
  storage: StorageAddress
  admin: { login: string; password: string | undefined }
  secretKey: string | undefined
  loginIdleMs: number
  loginAbsoluteMs: number
  watchTokenMs: number
  jobMemoryMb: number
  jobConcurrency: number
  targetBusy: 'wait' | 'refuse'
  /** A worker that gave no sign of life for so long is taken for lost. */
  leaseMs: number
  maxUploadBytes: number
  /** Uploads that are not started yet: how long they are kept, how many and how much a user may have, and how long their tokens live. */
  uploads: { keepMs: number; perUser: number; bytesPerUser: number; tokenMs: number }
  /** How large the pieces are in which 1C sends a file, and how long it is held while it asks for an import's end. */
  exchange: { fileLimit: number; holdMs: number }
  /** What an import from 1C may do without asking, in percent. */
  guard: { removed: number; moved: number; by: number }
  keepUploadsMs: number
  sqliteDirs: string[]
  /** Hosts that target databases may be on; undefined: any. */
  targetHosts: string[] | undefined
  /** Where accounts of bulk uploads may lead to. */
  destinations: { hosts: string[]; deliveriesDir: string; destinationDirs: string[] }
  deliveries: { mostAtOnce: number; retryMs: number }
  publicUrl: URL | undefined
  trustProxy: boolean
  shutdownMs: number
  logLevel: string
}

type Settings = z.infer<typeof settings>
type Environment = Record<string, string | undefined>

/**
 * Settings from an environment. Pure but for `readFile`, which reads the files that `NAME_FILE` names.
 * Throws AppError `invalid_input` that names each wrong variable and what it may be, never its value.
 */
export function loadConfig(env: Environment, readFile: (file: string) => string): Config {
  const parsed = settings.safeParse(withSecretFiles(env, readFile))
  if (!parsed.success) throw new AppError('invalid_input', describeProblems(parsed.error))
  const s = parsed.data
  const dataDir = path.resolve(s.DATA_DIR)
  return {
    engine: engineChoice(s),
    host: s.HOST,
    port: s.PORT,
    dataDir,
    database: s.DATABASE_URL
      ? { type: 'postgresql', url: s.DATABASE_URL, pool: s.DATABASE_POOL }
      : { type: 'sqlite', file: path.join(dataDir, 'intake.db') },
    storage: storageAddress(s, dataDir),
    admin: { login: s.ADMIN_LOGIN, password: s.ADMIN_PASSWORD },
    secretKey: s.SECRET_KEY,
    loginIdleMs: s.LOGIN_IDLE_MINUTES * 60_000,
    loginAbsoluteMs: s.LOGIN_ABSOLUTE_HOURS * 3_600_000,
    watchTokenMs: s.WATCH_TOKEN_SECONDS * 1000,
    jobMemoryMb: s.JOB_MEMORY_MB,
    jobConcurrency: s.JOB_CONCURRENCY,
    targetBusy: s.TARGET_BUSY,
    leaseMs: s.LEASE_SECONDS * 1000,
    maxUploadBytes: s.MAX_UPLOAD_MB * 1024 * 1024,
    uploads: {
      keepMs: s.UPLOAD_HOURS * 3_600_000,
      perUser: s.UPLOADS_PER_USER,
      bytesPerUser: s.UPLOADS_PER_USER_MB * 1024 * 1024,
      tokenMs: s.WATCH_TOKEN_SECONDS * 1000,
    },
    exchange: { fileLimit: s.EXCHANGE_FILE_LIMIT_KB * 1024, holdMs: s.EXCHANGE_HOLD_SECONDS * 1000 },
    guard: { removed: s.GUARD_DELETED_PERCENT, moved: s.GUARD_PRICES_PERCENT, by: s.GUARD_PRICES_BY_PERCENT },
    keepUploadsMs: s.KEEP_UPLOADS_DAYS * 86_400_000,
    sqliteDirs: (s.SQLITE_DIRS ?? []).map((dir) => path.resolve(dir)),
    targetHosts: s.TARGET_HOSTS,
    destinations: {
      hosts: s.DESTINATION_HOSTS ?? [],
      deliveriesDir: path.join(dataDir, 'deliveries'),
      destinationDirs: (s.DESTINATION_DIRS ?? []).map((dir) => path.resolve(dir)),
    },
    deliveries: { mostAtOnce: s.DELIVERIES_AT_ONCE, retryMs: s.DELIVERY_RETRY_SECONDS * 1000 },
    publicUrl: s.PUBLIC_URL ? new URL(s.PUBLIC_URL) : undefined,
    trustProxy: s.TRUST_PROXY,
    shutdownMs: s.SHUTDOWN_SECONDS * 1000,
    logLevel: s.LOG_LEVEL,
  }
}

function engineChoice(s: Settings): EngineChoice {
  if (s.REDIS_URL === undefined) return { type: 'embedded' }
  const missing = [s.DATABASE_URL === undefined && 'DATABASE_URL', s.SECRET_KEY === undefined && 'SECRET_KEY'].filter(Boolean)
  if (missing.length > 0)
    throw new AppError('invalid_input', `REDIS_URL is for several processes, which share more: set ${missing.join(' and ')} too, the same for all.`)
  return { type: 'distributed', redisUrl: s.REDIS_URL, prefix: s.REDIS_PREFIX }
}

function storageAddress(s: Settings, dataDir: string): StorageAddress {
  if (s.S3_BUCKET === undefined || s.S3_ACCESS_KEY_ID === undefined || s.S3_SECRET_ACCESS_KEY === undefined)
    return { type: 'disk', root: path.join(dataDir, 'uploads') }
  return {
    type: 's3',
    endpoint: s.S3_ENDPOINT,
    region: s.S3_REGION,
    bucket: s.S3_BUCKET,
    prefix: s.S3_PREFIX,
    accessKeyId: s.S3_ACCESS_KEY_ID,
    secretAccessKey: s.S3_SECRET_ACCESS_KEY,
    // Other stores than Amazon's seldom have a host name for each bucket.
    forcePathStyle: s.S3_ENDPOINT !== undefined,
  }
}

function withSecretFiles(env: Environment, readFile: (file: string) => string): Environment {
  const result: Environment = {}
  for (const name of Object.keys(settings.shape)) {
    // An empty variable is one that was not set: `PORT= npm start`. Blanks are no number either, and must not be taken for 0.
    if (env[name]?.trim()) result[name] = env[name]
  }
  for (const name of secretSettings) {
    const file = env[`${name}_FILE`]
    if (!file || result[name]) continue
    try {
      result[name] = readFile(file).trim()
    } catch (cause) {
      throw new AppError('invalid_input', `${name}_FILE names a file that can't be read.`, { cause })
    }
  }
  return result
}

function describeProblems(error: z.ZodError): string {
  const lines = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  return `Some settings can't be used. ${lines.join('. ')}`
}
