import type { ExchangeLogins, ExchangePrincipal } from '../../auth/exchange-logins.ts'
import { AppError } from '../../errors.ts'
import type { ExchangeType } from '../../sessions/exchange/exchange-cycles.ts'
import type { ExchangeSweeps } from '../../sessions/exchange/exchange-sweeps.ts'
import type { ImportVerdicts, Verdict } from '../../sessions/exchange/import-verdict.ts'
import { exchangeCookie, exchangePath } from '../../../shared/protocol/paths.ts'
import type { Context } from '../context.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'
import { identify, logIn } from './exchange-access.ts'
import { fileNameOf } from './file-name.ts'
import type { HeldRequests } from './held-requests.ts'
import { receiveFile } from './receive-file.ts'
import type { ReceiveParts } from './receive-file.ts'
import { noOrders, reply } from './reply.ts'
import type { Reply } from './reply.ts'

export type ModeParts = ReceiveParts & {
  exchangeLogins: ExchangeLogins
  rateLimits: RateLimits
  verdicts: ImportVerdicts
  sweeps: ExchangeSweeps
  held: HeldRequests
  /** How large the pieces are that 1C is asked to send, in bytes. */
  fileLimit: number
  secureCookies: boolean
}

export type Asked = { type: string; mode: string; filename: string; version: string; timestamp: string }
type Call = { ctx: Context; principal: ExchangePrincipal; type: ExchangeType; asked: Asked }
type Mode = (parts: ModeParts, call: Call) => Promise<Reply> | Reply

/** Cookies end with the day; 1C builds its header of the reply and reads none of this. */
const cookieMs = 24 * 3_600_000

/** What each mode does, by the type that it belongs to. */
const modes: Record<ExchangeType, Record<string, Mode>> = {
  catalog: { init, file, import: importFile, deactivate, complete: () => reply('success') },
  sale: { init, file, import: importFile, query: () => noOrders(new Date()), success: () => reply('success'), complete: () => reply('success') },
}

/** Answers one call of 1C. Throws AppError for what it can't do. */
export async function answerMode(parts: ModeParts, ctx: Context, asked: Asked): Promise<Reply> {
  const { type, mode } = asked
  if (type !== 'catalog' && type !== 'sale')
    throw new AppError('bad_request', `Unknown type: ${word(type)}. This server takes type=catalog and type=sale.`)
  if (mode === 'checkauth') return await checkAuth(parts, ctx)
  const principal = await identify(parts, ctx)
  const answer = Object.hasOwn(modes[type], mode) ? modes[type][mode] : undefined
  if (!answer) throw new AppError('bad_request', `Unknown mode: ${word(mode)}.`)
  return await answer(parts, { ctx, principal, type, asked })
}

async function checkAuth(parts: ModeParts, ctx: Context): Promise<Reply> {
  const { login, secret } = await logIn(parts, ctx)
  const cookie = { httpOnly: true, sameSite: 'lax', secure: parts.secureCookies, path: exchangePath, maxAge: cookieMs } as const
  ctx.cookies.set(exchangeCookie, secret, cookie)
  return reply('success', exchangeCookie, secret, `sessid=${login.id}`, `timestamp=${Math.floor(login.createdAt / 1000)}`)
}

/** An older 1C rejects the reply unless it has exactly two lines; a newer one says its version. */
async function init(parts: ModeParts, { principal, type, asked: { version } }: Call): Promise<Reply> {
  await parts.cycles.begin(principal, type)
  await parts.exchangeLogins.begin(principal.login.id, version === '' ? null : version.slice(0, 20))
  const lines = ['zip=yes', `file_limit=${parts.fileLimit}`]
  if (version !== '') lines.push(`sessid=${principal.login.id}`, `version=${type === 'sale' ? '2.09' : '3.1'}`)
  return { body: lines.join('\n') }
}

async function file(parts: ModeParts, { ctx, principal, type, asked: { filename } }: Call): Promise<Reply> {
  if (ctx.method !== 'POST' && ctx.method !== 'PUT') throw new AppError('method_not_allowed', 'A file is sent by POST.')
  await receiveFile(parts, ctx, { principal, type, name: fileNameOf(filename) })
  return reply('success')
}

async function importFile(parts: ModeParts, { ctx, principal, type, asked: { filename } }: Call): Promise<Reply> {
  const name = filename === '' ? '' : fileNameOf(filename)
  return await held(parts, ctx, async (until) => await parts.verdicts.of(principal, type, name, until))
}

async function deactivate(parts: ModeParts, { ctx, principal, asked: { timestamp } }: Call): Promise<Reply> {
  const wish = { principal, timestamp, caller: { requestId: ctx.state.requestId } }
  return await held(parts, ctx, async (until) => await parts.sweeps.of(wish, until))
}

async function held(parts: ModeParts, ctx: Context, verdictAt: (until: AbortSignal) => Promise<Verdict>): Promise<Reply> {
  const gone = new AbortController()
  ctx.res.once('close', () => gone.abort())
  const { word: verdict, text } = await parts.held.hold(gone.signal, verdictAt)
  return reply(verdict, text)
}

/** A word from outside, as an answer may repeat it. */
function word(text: string): string {
  return text.replace(/[^\w-]/g, '').slice(0, 40) || 'none'
}
