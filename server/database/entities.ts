import { defineEntity, p } from '@mikro-orm/core'
import type { InferEntity } from '@mikro-orm/core'
import type { ErrorCode } from '../../shared/protocol/errors.ts'
import type {
  AccountLimits,
  AccountView,
  Hold,
  ImportKind,
  Ledger,
  LogLevel,
  Progress,
  RejectedRecord,
  Role,
  TargetView,
} from '../../shared/protocol/views.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

/** Moments are whole milliseconds since 1970 in UTC: the same in both databases, and exact. */
const moment = () => p.bigint('number')
/** Bytes: more than 32 bits. */
const bytes = () => p.bigint('number')

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'app_user',
  properties: {
    id: p.string().primary(),
    login: p.string().unique(),
    name: p.string(),
    role: p.string().$type<Role>(),
    passwordHash: p.text(),
    disabled: p.boolean(),
    createdAt: moment(),
  },
})
export type User = InferEntity<typeof UserEntity>

export const LoginSessionEntity = defineEntity({
  name: 'LoginSession',
  tableName: 'login_session',
  properties: {
    id: p.string().primary(),
    tokenHash: p.string().unique(),
    userId: p.string().index(),
    createdAt: moment(),
    seenAt: moment(),
    absoluteExpiresAt: moment(),
  },
})
export type LoginSession = InferEntity<typeof LoginSessionEntity>

export const WatchTokenEntity = defineEntity({
  name: 'WatchToken',
  tableName: 'watch_token',
  properties: {
    id: p.string().primary(),
    tokenHash: p.string().unique(),
    userId: p.string().index(),
    importId: p.string().index(),
    /** The login that it was issued under: "stop watching on this device as well" revokes by it. */
    loginId: p.string().nullable(),
    createdAt: moment(),
    expiresAt: moment(),
    lastUsedAt: moment().nullable(),
  },
})
export type WatchToken = InferEntity<typeof WatchTokenEntity>

export const TargetEntity = defineEntity({
  name: 'Target',
  tableName: 'target',
  properties: {
    id: p.string().primary(),
    name: p.string().unique(),
    dialect: p.string().$type<TargetView['dialect']>(),
    /** Without its password. */
    url: p.text(),
    /** The password, sealed. */
    secret: p.text().nullable(),
    /** Which database it is, as its server told; targets with the same place lead to one database. */
    place: p.text().nullable(),
    builtIn: p.boolean(),
    createdAt: moment(),
  },
})
export type TargetRow = InferEntity<typeof TargetEntity>

export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.string().primary(),
    name: p.string().unique(),
    driver: p.string().$type<AccountView['driver']>(),
    /** As its driver's schema parsed it, without what is secret. */
    address: p.json<AccountView['address']>(),
    /** The secrets as JSON, sealed. */
    secrets: p.text(),
    limits: p.json<AccountLimits>(),
    createdAt: moment(),
  },
})
export type AccountRow = InferEntity<typeof AccountEntity>

/** A file as it was received. `key` is its name in the storage; `relativePath` where it lay in the folder that was sent, for people. */
export type StoredFile = { name: string; key: string; size: number; sha256: string; relativePath?: string }
export type RunError = { code: ErrorCode; message: string }

export const ImportSessionEntity = defineEntity({
  name: 'ImportSession',
  tableName: 'import_session',
  properties: {
    id: p.string().primary(),
    kind: p.string().$type<ImportKind>(),
    title: p.text(),
    /** Title, file names and the error in lower case: what the history's text search looks through. */
    searchText: p.text(),
    status: p.string().$type<SessionStatus>().index(),
    options: p.json<Record<string, unknown>>(),
    files: p.json<StoredFile[]>(),
    targetId: p.string().nullable(),
    userId: p.string(),
    requestId: p.string(),
    /** kind + target + options + content: what "the same again" means. */
    dedupeKey: p.string().index(),
    /** The dedupe key while the run is active, NULL when it is final: unique. */
    activeKey: p.string().nullable().unique(),
    /** User and Idempotency-Key of the start, unique. */
    idempotencyKey: p.string().nullable().unique(),
    attempt: p.integer(),
    /** Rejected records up to this attempt belong to what a retry replaces. */
    retryBase: p.integer(),
    retryOnly: p.string().$type<'failed' | 'all'>().nullable(),
    lastSeq: p.integer(),
    /** Chain of SHA-256 over the stored events, hex. */
    logHash: p.string(),
    progress: p.json<Progress>(),
    ledger: p.json<Ledger>(),
    error: p.json<RunError>().nullable(),
    /** The target may still hold this run's checkpoint. */
    markerPending: p.boolean(),
    /** Attempts in a row that ended with the death of their worker. */
    deaths: p.integer(),
    /** Who works on it, and until when that is believed, in the database's own time. Null: nobody. */
    worker: p.string().nullable(),
    leasedUntil: moment().nullable(),
    /** Since when it waits for a worker; null while one has it, and when it has ended. */
    waitingSince: moment().nullable(),
    /** Why it is not given to a worker although it is queued, or null. */
    hold: p.json<Hold>().nullable(),
    /** Its worker says that it fell silent for longer than its own rhythm explains. */
    stalled: p.boolean(),
    /** Of what a start wrote: a process that knows older ones alone leaves the run to others. */
    version: p.integer(),
    uploadsGone: p.boolean(),
    createdAt: moment().index(),
    startedAt: moment().nullable(),
    endedAt: moment().nullable(),
  },
})
export type ImportSession = InferEntity<typeof ImportSessionEntity>

export const ImportEventEntity = defineEntity({
  name: 'ImportEvent',
  tableName: 'import_event',
  properties: {
    importId: p.string().primary(),
    seq: p.integer().primary(),
    at: moment(),
    type: p.string().$type<'log' | 'status'>(),
    level: p.string().$type<LogLevel>().nullable(),
    stream: p.string().nullable(),
    message: p.text().nullable(),
    data: p.text().nullable(),
    status: p.string().$type<SessionStatus>().nullable(),
  },
})

export const RejectedRecordEntity = defineEntity({
  name: 'RejectedRecord',
  tableName: 'rejected_record',
  properties: {
    importId: p.string().primary(),
    file: p.string().primary(),
    record: p.integer().primary(),
    attempt: p.integer(),
    body: p.json<RejectedRecord>(),
  },
})

export const LeaseEntity = defineEntity({
  name: 'Lease',
  tableName: 'lease',
  properties: { key: p.string().primary(), owner: p.string(), expiresAt: moment() },
})

/** A file that comes in piece by piece (tus), until a run takes it. */
export const UploadEntity = defineEntity({
  name: 'Upload',
  tableName: 'upload',
  properties: {
    id: p.string().primary(),
    userId: p.string().index(),
    name: p.string(),
    /** Where it lay in the folder that was sent, for people. */
    relativePath: p.string().nullable(),
    size: bytes(),
    /** What the client says its SHA-256 is. */
    expectedSha256: p.string().nullable(),
    /** Its name in the storage, once bytes came. */
    key: p.string().nullable(),
    /** Bytes that are safe: a client goes on after them. */
    received: bytes(),
    /** Of the whole file, when all of it is there and was counted. */
    sha256: p.string().nullable(),
    /** The run that took it: then its file is that run's. */
    importId: p.string().nullable(),
    /** Requests that wanted to go on with it, numbered; `epoch` is the one that does. What an earlier one still writes here is refused. */
    claims: p.integer(),
    epoch: p.integer(),
    tokenHash: p.string().nullable().unique(),
    tokenExpiresAt: moment().nullable(),
    createdAt: moment(),
    expiresAt: moment().index(),
  },
})
export type Upload = InferEntity<typeof UploadEntity>

/** What a user of the exchange may bring, and where it goes. */
export const ExchangeSettingsEntity = defineEntity({
  name: 'ExchangeSettings',
  tableName: 'exchange_settings',
  properties: {
    userId: p.string().primary(),
    targetId: p.string(),
    types: p.json<string[]>(),
    source: p.string(),
    /** Whether `deactivate` marks as deleted what a full exchange did not bring. */
    deactivate: p.boolean(),
  },
})
export type ExchangeSettings = InferEntity<typeof ExchangeSettingsEntity>

/** A cookie of the exchange. */
export const ExchangeLoginEntity = defineEntity({
  name: 'ExchangeLogin',
  tableName: 'exchange_login',
  properties: {
    id: p.string().primary(),
    tokenHash: p.string().unique(),
    userId: p.string().index(),
    createdAt: moment(),
    seenAt: moment(),
    /** Since `init` it takes part in no exchange that another cookie began. */
    begun: p.boolean(),
    /** The version of CommerceML that a newer 1C says at `init`. */
    version: p.string().nullable(),
  },
})
export type ExchangeLogin = InferEntity<typeof ExchangeLoginEntity>

/** What 1C sends from its first file to its first `import`: one import session. */
export const ExchangeCycleEntity = defineEntity({
  name: 'ExchangeCycle',
  tableName: 'exchange_cycle',
  properties: {
    importId: p.string().primary(),
    userId: p.string().index(),
    loginId: p.string().index(),
    type: p.string().$type<'catalog' | 'sale'>(),
    /** Pieces numbered so far, also those that were dropped. */
    pieces: p.integer(),
    bytes: bytes(),
    /** Nothing more is received into it: its import began, or it was given up. */
    closed: p.boolean(),
    /** The import session that runs the same files, when there was one already. */
    resultId: p.string().nullable(),
    createdAt: moment(),
    seenAt: moment(),
  },
})
export type ExchangeCycle = InferEntity<typeof ExchangeCycleEntity>

/** What one request brought of a file; a file is its pieces in their order. */
export const ExchangePieceEntity = defineEntity({
  name: 'ExchangePiece',
  tableName: 'exchange_piece',
  properties: {
    importId: p.string().primary(),
    piece: p.integer().primary(),
    name: p.string(),
    kind: p.string().$type<'xml' | 'zip' | 'other'>(),
    key: p.string(),
    size: bytes(),
    sha256: p.string(),
  },
})
export type ExchangePiece = InferEntity<typeof ExchangePieceEntity>

export const entities = [
  UserEntity,
  LoginSessionEntity,
  WatchTokenEntity,
  TargetEntity,
  AccountEntity,
  ImportSessionEntity,
  ImportEventEntity,
  RejectedRecordEntity,
  LeaseEntity,
  UploadEntity,
  ExchangeSettingsEntity,
  ExchangeLoginEntity,
  ExchangeCycleEntity,
  ExchangePieceEntity,
]
