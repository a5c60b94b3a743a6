import { z } from 'zod'
import { deliveryStates, logLevels } from '../protocol/views.ts'
import { sessionStatuses } from '../session-status.ts'
import { commerceOptions } from './commerce-options.ts'

/** Bodies and queries of the public API. Both sides parse with these; extra fields are dropped, never trusted. */
const page = z.coerce.number().int().min(1).default(1)

export const loginBody = z.object({ login: z.string().trim().min(1).max(150), password: z.string().min(1).max(1000) })
export const logoutBody = z.object({ everywhere: z.boolean().optional(), stopWatching: z.boolean().optional() })

export const importKinds = ['restore', 'commerce', 'bulk', 'table'] as const

const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' && value !== '' ? value.split(',') : value === '' ? undefined : value), z.array(item).optional())

const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'it is a day like 2026-11-22, or a time with its zone like 2026-11-22T10:00:00Z')
  .optional()

export const historyQuery = z.object({
  status: list(z.enum(sessionStatuses)),
  kind: list(z.enum(importKinds)),
  user: z.string().max(100).optional(),
  target: z.string().max(100).optional(),
  q: z
    .string()
    .trim()
    .max(200)
    .optional()
    .describe('text in the title, a file name or the reason of a failure; or the whole id of the import session or of its request'),
  from: moment.describe('made then or later; a day begins at 0:00 UTC'),
  to: moment.describe('made then or before; a day ends at 24:00 UTC'),
  sort: z.enum(['createdAt', '-createdAt', 'endedAt', '-endedAt', 'title', '-title', 'status', '-status', 'kind', '-kind']).default('-createdAt'),
  page,
  limit: z.coerce.number().int().min(1).max(200).default(25),
})
export type HistoryQuery = z.infer<typeof historyQuery>

export const eventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  level: list(z.enum(logLevels)),
  stream: z.string().max(200).optional(),
  file: z.coerce.number().int().min(0).optional().describe('place of a file in a bulk upload, from 0: the lines of its deliveries alone'),
  q: z.string().max(200).optional(),
})

export const logQuery = z.object({ follow: z.enum(['0', '1']).optional().describe('1: goes on until the run has ended') })
export const rejectedQuery = z.object({ format: z.enum(['ndjson', 'csv']).default('ndjson') })

export const deliveriesQuery = z.object({
  after: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(5000),
  state: list(z.enum(deliveryStates)),
  account: list(z.string().max(100)),
})
export type DeliveriesQuery = z.infer<typeof deliveriesQuery>

export const retryBody = z.object({ only: z.enum(['failed', 'all']).default('all') })
export const watchMessage = z.object({ importId: z.string().min(1).max(100), after: z.number().int().min(0).default(0) })
export const unwatchMessage = z.object({ importId: z.string().min(1).max(100) })

export const targetBody = z.object({ name: z.string().trim().min(1).max(100), url: z.string().trim().min(1).max(2000) })
export const targetPatch = targetBody.partial()
export const rowsQuery = z.object({
  page,
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

export const roles = ['staff', 'superuser', 'exchange'] as const

/** Settings of a user whose role is `exchange`. What is left out stays, or is the default: the main target, all types, source `1c`, nothing is switched off. */
const exchangeBody = z.object({
  target: z.string().trim().min(1).max(100).optional(),
  types: commerceOptions.shape.types.optional(),
  source: z.string().trim().min(1).max(100).optional(),
  deactivate: z.boolean().optional().describe('Whether `mode=deactivate` marks as deleted what a full catalog did not bring.'),
})
const password = z.string().min(10).max(1000)
export const userBody = z.object({
  login: z
    .string()
    .trim()
    .regex(/^[\p{L}\p{N}._@+-]{1,150}$/u, 'it has 1 to 150 letters, digits and signs of ". _ @ + -"'),
  name: z.string().trim().max(150).optional(),
  role: z.enum(roles).default('staff'),
  password,
  exchange: exchangeBody.optional(),
})
export const userPatch = z.object({
  name: z.string().trim().min(1).max(150).optional(),
  role: z.enum(roles).optional(),
  disabled: z.boolean().optional(),
  password: password.optional(),
  exchange: exchangeBody.optional(),
})
