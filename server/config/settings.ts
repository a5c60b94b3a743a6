import { isIP } from 'node:net'
import { z } from 'zod'

/**
 * Every setting, once: its name in the environment, its rule, its default and a sentence for people. `.env.example` and the README's table are made from it.
 */
const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const percent = (usual: number, most = 100) => z.coerce.number().min(0).max(most).default(usual)
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

/** An address of the kind that `protocol` names. The value, which may hold a password, is not told. */
const address = (protocol: RegExp, example: string) => z.url({ protocol, error: `it must look like ${example}` })
/** As `config/hosts.ts` reads them: an entry that it can't match would be without effect, or let all in. */
const hosts = list.check(({ value, issues }) => {
  for (const [at, host] of value.entries()) {
    if (isHost(host)) continue
    issues.push({ code: 'custom', input: undefined, message: `entry ${at + 1} is no host name, address or network like 192.168.1.0/24` })
  }
})

function isHost(text: string): boolean {
  const [host = '', bits, ...more] = text.replace(/^\[(.*)\]$/, '$1').split('/')
  const version = isIP(host)
  if (bits === undefined) return version > 0 || /^(\*\.)?[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.?$/u.test(host)
  return version > 0 && more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

const allSettings = z.object({
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on. 0.0.0.0 opens it to the network: put TLS in front then.'),
  PORT: whole(0, 65535).default(3000).describe('Port to listen on; 0 takes a free one and prints it.'),
  DATA_DIR: z.string().min(1).default('./data').describe('Folder for the app database, uploads, the key file and the main target database.'),
  ADMIN_LOGIN: z.string().trim().min(1).max(150).default('admin').describe('Login of the administrator that the first start makes.'),
  ADMIN_PASSWORD: z.string().min(1).max(1000).optional().describe('Its password; without it a random one is printed once.'),
  SECRET_KEY: z
    .string()
    .min(16)
    .optional()
    .describe('Key that encrypts stored passwords of databases, 16 characters or more; without it a key file is made in DATA_DIR.'),
  DATABASE_URL: address(/^postgres(ql)?$/, 'postgresql://user:password@host:5432/database')
    .optional()
    .describe('postgresql://… to keep the app database in PostgreSQL instead of an SQLite file.'),
  DATABASE_POOL: whole(2, 500).default(10).describe('Connections that this process keeps to a PostgreSQL app database, at most.'),
  S3_BUCKET: z.string().min(1).max(255).optional().describe('Bucket of an S3-compatible store that keeps uploads instead of DATA_DIR/uploads.'),
  S3_ENDPOINT: address(/^https?$/, 'https://host or http://host:port')
    .optional()
    .describe('Address of that store, buckets in its path; without it that of Amazon S3 in S3_REGION.'),
  S3_REGION: z.string().min(1).default('us-east-1').describe('Region of the bucket.'),
  S3_PREFIX: z.string().max(500).default('uploads/').describe('How the names of uploads in the bucket begin; no two Intakes may share it.'),
  S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('Key id that may read, write, list and delete under S3_PREFIX.'),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of that key.'),
  REDIS_URL: address(/^rediss?$/, 'redis://host:6379')
    .optional()
    .describe('redis://… to let several processes work together; needs DATABASE_URL and SECRET_KEY. Redis must not evict (noeviction).'),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w-]{1,40}$/, 'it has 1 to 40 letters, digits and signs of "_ -"')
    .default('intake')
    .describe('Begins every key in Redis, so that several Intakes can share one.'),
  LOGIN_IDLE_MINUTES: z.coerce.number().positive().max(43_200).default(30).describe('A login ends after so many minutes without a request.'),
  LOGIN_ABSOLUTE_HOURS: z.coerce.number().positive().max(8760).default(12).describe('A login ends after so many hours, whatever happens.'),
  WATCH_TOKEN_SECONDS: whole(1, 604_800).default(7200).describe('Life of a watch token; it is renewed over its socket while the run lives.'),
  JOB_MEMORY_MB: whole(32, 65_536).default(512).describe('Memory a run may use in its thread; a run that needs more fails, the server goes on.'),
  JOB_CONCURRENCY: whole(1, 64).default(2).describe('Runs at the same time in this process.'),
  LEASE_SECONDS: whole(2, 3600).default(30).describe('A worker that gave no sign of life for so long is taken for lost; its runs go on elsewhere.'),
  TARGET_BUSY: z
    .enum(['wait', 'refuse'])
    .default('wait')
    .describe('What a start does whose target another run works on: wait for its turn, or be refused with a link to that run.'),
  MAX_UPLOAD_MB: whole(1, 1_048_576).default(10_240).describe('Largest upload that is taken: a file, or all files of one form together.'),
  UPLOAD_HOURS: z.coerce
    .number()
    .positive()
    .max(8760)
    .default(24)
    .describe('An upload that was interrupted is kept so long for its sender to go on, and so long after its end for a start.'),
  UPLOADS_PER_USER: whole(1, 1_000_000).default(10_000).describe('Interrupted and not yet started uploads that one user may have.'),
  UPLOADS_PER_USER_MB: whole(1, 1_073_741_824).default(102_400).describe('Their size together.'),
  EXCHANGE_FILE_LIMIT_KB: whole(64, 1_048_576)
    .default(16_384)
    .describe('1C sends a file to /exchange/1c in pieces of this size; a web server in front must take bodies as large.'),
  EXCHANGE_HOLD_SECONDS: whole(1, 600).default(20).describe('1C asks without a pause how its import stands; so long each question is held.'),
  GUARD_DELETED_PERCENT: percent(10).describe('An import from 1C that would mark more of the products as deleted asks a person first.'),
  GUARD_PRICES_PERCENT: percent(5).describe('One of which more of the prices would move far asks as well.'),
  GUARD_PRICES_BY_PERCENT: percent(30, 1000).describe('A price that moves by more has moved far.'),
  KEEP_UPLOADS_DAYS: whole(0, 3650).default(7).describe('Uploaded files of ended runs are kept so long, for a retry.'),
  SQLITE_DIRS: list.optional().describe('Folders, with commas between, where SQLite targets may lie besides DATA_DIR/targets.'),
  TARGET_HOSTS: hosts
    .optional()
    .describe(
      'Hosts that target databases may be on, with commas between: names (*.office.lan for all below), addresses, networks (192.168.1.0/24). Empty: any but link-local ones, which are never reached.',
    ),
  DESTINATION_HOSTS: hosts
    .optional()
    .describe(
      'Hosts of this machine or of private networks that accounts of bulk uploads may lead to, with commas between: names (*.office.lan for all below), addresses, networks (192.168.1.0/24). Public hosts need no entry; link-local addresses are never reached.',
    ),
  DESTINATION_DIRS: list.optional().describe('Folders, with commas between, that bulk uploads may deliver to besides DATA_DIR/deliveries.'),
  DELIVERIES_AT_ONCE: whole(1, 256)
    .default(64)
    .describe('Deliveries of one bulk upload that are under way at the same time; each account has a limit of its own.'),
  DELIVERY_RETRY_SECONDS: z.coerce
    .number()
    .min(0.01)
    .max(3600)
    .default(1)
    .describe('Pause before a delivery that broke off is tried again; four times as long after each further try, of 5 in all.'),
  PUBLIC_URL: address(/^https?$/, 'https://intake.example')
    .optional()
    .describe('Address under which people reach this server, if it is not the one it listens on; https makes cookies secure.'),
  TRUST_PROXY: z.stringbool().default(false).describe('true behind a reverse proxy: X-Forwarded-For and -Proto are believed.'),
  SHUTDOWN_SECONDS: whole(1, 600).default(20).describe('Time to checkpoint and close after SIGTERM.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least important line of the server log.'),
})

export const settings = allSettings.check(({ value, issues }) => {
  const needed = (name: keyof typeof value, beside: string) => {
    if (value[name] === undefined) issues.push({ code: 'custom', input: undefined, path: [name], message: `it is needed beside ${beside}` })
  }
  if (value.S3_BUCKET !== undefined) for (const name of ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const) needed(name, 'S3_BUCKET')
  // Without a bucket uploads would lie on this disk, unseen by other machines.
  const other = (['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const).find((name) => value[name] !== undefined)
  if (other && issues.length === 0) needed('S3_BUCKET', other)
})

/** Settings whose value is a secret: never shown, and also read from the file that `NAME_FILE` names. */
export const secretSettings = ['ADMIN_PASSWORD', 'SECRET_KEY', 'DATABASE_URL', 'REDIS_URL', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
