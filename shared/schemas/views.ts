import { z } from 'zod'
import { errorStatus } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { deliveryStates, logLevels } from '../protocol/views.ts'
import type {
  AccountTest,
  AccountView,
  DeliveriesPage,
  EventPage,
  HistoryPage,
  ImportView,
  MeView,
  RowsPage,
  StartAnswer,
  TableView,
  TargetView,
  TraceAnswer,
  UserView,
  WatchTokenView,
} from '../protocol/views.ts'
import { sessionStatuses } from '../session-status.ts'
import { importKinds, roles } from './requests.ts'

/** The answers of the API as schemas, for its OpenAPI document. The types of protocol/views.ts are what the code is written against; `satisfies` ties the two. */
const when = z.iso.datetime()
const count = z.number().int().min(0)
const drivers = z.enum(['directory', 's3', 'sftp', 'webdav', 'http'])
const named = z.object({ id: z.string(), name: z.string() })
const code = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]])

const ledgerSchema = z
  .object({ total: count.nullable(), succeeded: count, failed: count, skipped: count, notReached: count.nullable() })
  .meta({ id: 'Ledger', description: 'total = succeeded + failed + skipped + notReached' })

const progressSchema = z
  .object({
    percent: z.number().min(0).max(100).nullable(),
    done: z.number(),
    total: z.number().nullable(),
    unit: z.enum(['records', 'bytes', 'deliveries']),
    step: z.object({ name: z.string(), index: count, count }).optional(),
    current: z.string().optional(),
    deliveries: z
      .array(z.object({ file: count, account: z.string(), bytes: count, size: count }))
      .optional()
      .describe('of kind bulk: what is being sent now, at most 64'),
    rate: z.number().nullable().describe('units a second'),
    etaMs: z.number().nullable(),
  })
  .meta({ id: 'Progress', description: 'Volatile figures: the newest wins' })

export const importSchema = z
  .object({
    id: z.string(),
    kind: z.enum(importKinds),
    types: z.array(z.string()).optional(),
    title: z.string(),
    status: z.enum(sessionStatuses),
    stalled: z.boolean(),
    hold: z
      .object({ reason: z.enum(['receiving', 'confirm']), message: z.string(), figures: z.record(z.string(), z.number()).optional() })
      .optional()
      .describe('why a queued import session is not given to a worker'),
    target: named.optional(),
    user: named,
    requestId: z.string(),
    files: z.array(z.object({ name: z.string(), size: count, sha256: z.string(), relativePath: z.string().optional() })),
    options: z.record(z.string(), z.unknown()),
    progress: progressSchema,
    ledger: ledgerSchema,
    attempt: count,
    lastSeq: count,
    logChecksum: z.string().optional(),
    createdAt: when,
    startedAt: when.optional(),
    endedAt: when.optional(),
    error: z.object({ code, message: z.string() }).optional(),
  })
  .meta({ id: 'ImportSession' }) satisfies z.ZodType<ImportView>

const eventSchema = z
  .object({
    seq: count,
    at: when,
    type: z.enum(['log', 'status']),
    level: z.enum(logLevels).optional(),
    stream: z.string().optional(),
    message: z.string().optional(),
    data: z.unknown().optional(),
    status: z.enum(sessionStatuses).optional(),
  })
  .meta({ id: 'StoredEvent' })

export const eventPageSchema = z.object({ events: z.array(eventSchema), lastSeq: count, more: z.boolean() }) satisfies z.ZodType<EventPage>
export const historySchema = z.object({ items: z.array(importSchema), total: count }) satisfies z.ZodType<HistoryPage>
export const grantSchema = z.object({ token: z.string(), expiresAt: when }).meta({ id: 'WatchGrant' })

export const startAnswerSchema = z.object({
  outcome: z.enum(['started', 'joined']),
  import: importSchema,
  watch: grantSchema,
}) satisfies z.ZodType<StartAnswer>

export const watchTokenSchema = z
  .object({ id: z.string(), user: named, createdAt: when, expiresAt: when, lastUsedAt: when.optional() })
  .meta({ id: 'WatchToken' }) satisfies z.ZodType<WatchTokenView>

const exchangeSchema = z.object({ target: z.string(), types: z.array(z.string()), source: z.string(), deactivate: z.boolean() })

export const userSchema = z
  .object({
    id: z.string(),
    login: z.string(),
    name: z.string(),
    role: z.enum(roles),
    disabled: z.boolean(),
    createdAt: when,
    exchange: exchangeSchema.optional().describe('of a user whose role is exchange'),
  })
  .meta({ id: 'User' }) satisfies z.ZodType<UserView>

export const meSchema = z.object({ user: userSchema, expiresAt: when, absoluteExpiresAt: when }) satisfies z.ZodType<MeView>

export const targetSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    url: z.string().describe('without its password'),
    dialect: z.enum(['sqlite', 'postgresql', 'mariadb']),
    createdAt: when,
    builtIn: z.boolean(),
  })
  .meta({ id: 'Target' }) satisfies z.ZodType<TargetView>

export const targetTestSchema = z.union([
  z.object({ ok: z.literal(true), version: z.string(), tables: count }),
  z.object({ ok: z.literal(false), error: z.object({ code, message: z.string() }) }),
])

export const accountSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    driver: drivers,
    address: z.record(z.string(), z.unknown()).describe('what the driver connects by, without what is secret'),
    secrets: z.array(z.string()).describe('names of the secrets that are stored; never their values'),
    limits: z.object({ concurrency: count, bytesPerSecond: count.nullable(), maxBytes: count.nullable() }),
    createdAt: when,
  })
  .meta({ id: 'Account' }) satisfies z.ZodType<AccountView>

export const accountTestSchema = z.union([
  z.object({ ok: z.literal(true), description: z.string() }),
  z.object({ ok: z.literal(false), error: z.object({ code, message: z.string() }) }),
]) satisfies z.ZodType<AccountTest>

export const deliveriesSchema = z.object({
  lastSeq: count.describe('read before the rows: apply data.delivery of every later event to them'),
  accounts: z.array(z.object({ ...named.shape, driver: drivers, counts: z.partialRecord(z.enum(deliveryStates), count) })),
  deliveries: z.array(
    z.object({
      file: count.describe('place in the files of the import session, from 0'),
      account: z.string(),
      state: z.enum(deliveryStates),
      attempts: count,
      bytes: count,
      size: count,
      path: z.string().optional(),
      sha256: z.string().optional(),
      error: z.object({ code, message: z.string() }).optional(),
      notBefore: when.optional(),
    }),
  ),
  next: z.string().nullable().describe('cursor of the next page, for after'),
}) satisfies z.ZodType<DeliveriesPage>

export const traceSchema = z.object({
  found: z.object({ importId: z.string(), account: named, file: z.string(), at: when, by: z.enum(['mark', 'checksum', 'name']) }).nullable(),
}) satisfies z.ZodType<TraceAnswer>

export const tableSchema = z.object({
  name: z.string(),
  rows: count.nullable(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), primaryKey: z.boolean() })),
}) satisfies z.ZodType<TableView>

export const rowsSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  total: count.nullable(),
}) satisfies z.ZodType<RowsPage>

export const errorSchema = z
  .object({ error: z.object({ code, message: z.string(), details: z.record(z.string(), z.unknown()).optional(), requestId: z.string() }) })
  .meta({ id: 'Error' })
