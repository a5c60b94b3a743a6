import { DatabaseError } from 'pg'
import type { ErrorCode } from '../../../shared/protocol/errors.ts'
import { AppError } from '../../errors.ts'

type Translation = { code: ErrorCode; message: string; retryable?: true }

/** By SQLSTATE or its first letters; the longest that fits counts. */
const translations: Record<string, Translation> = {
  '08': { code: 'target_unreachable', message: 'The connection to the database was lost.', retryable: true },
  '22': { code: 'value_invalid', message: 'The database refused a value' },
  '23502': { code: 'not_null_violation', message: 'A column must have a value' },
  '23503': { code: 'reference_missing', message: 'A row refers to something that is not there' },
  '23505': { code: 'unique_violation', message: 'A row with the same key is there already' },
  '23514': { code: 'value_invalid', message: 'A value does not fulfil a condition of its table' },
  '23P01': { code: 'unique_violation', message: 'A row excludes another one' },
  '25P02': { code: 'wrong_state', message: 'Something in this transaction was refused: it can only be rolled back.' },
  '28': { code: 'target_refused', message: 'The database refused the login. Check user and password.' },
  '3D000': { code: 'target_refused', message: 'There is no such database on this server' },
  '40': { code: 'target_locked', message: 'Another transaction was in the way', retryable: true },
  '42501': { code: 'target_refused', message: 'The database user may not do this' },
  '53100': { code: 'storage_full', message: 'The disk of the database server is full.' },
  '53300': { code: 'target_unreachable', message: 'The database server takes no more connections.', retryable: true },
  '55P03': { code: 'target_locked', message: 'Another program holds a lock on what is to be written.', retryable: true },
  '57P': { code: 'target_unreachable', message: 'The database server ended the connection.', retryable: true },
}

/** `Key (isbn, edition)=(12, 3) already exists.` */
const keyDetail = /^Key \((.+)\)=\((.*)\) (already exists|is not present in table|is still referenced|conflicts with)/s
const networkCodes = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|CERT_|ERR_TLS|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/

/** An error of pg as AppError; what it says of table, column and value is in `details`. Anything that is none comes back as it is. */
export function translatePostgres(thrown: unknown): unknown {
  if (thrown instanceof DatabaseError) return databaseError(thrown)
  if (thrown instanceof AppError || !(thrown instanceof Error)) return thrown
  return connectionError(thrown)
}

/** The SQLSTATE behind an error, or null. */
export function sqlState(error: unknown): string | null {
  const cause = error instanceof AppError ? error.cause : error
  return cause instanceof DatabaseError ? (cause.code ?? null) : null
}

function databaseError(thrown: DatabaseError): AppError {
  const state = thrown.code ?? ''
  const found = [5, 3, 2].map((length) => translations[state.slice(0, length)]).find((one) => one !== undefined)
  const { code, message, retryable } = found ?? { code: 'target_refused' as const, message: 'The database refused' }
  const sentence = message.endsWith('.') ? message : `${message}: ${thrown.message}.`
  return new AppError(code, sentence, { details: detailsOf(thrown), cause: thrown, ...(retryable && { retryable }) })
}

function detailsOf(thrown: DatabaseError): Record<string, unknown> {
  const { table, constraint, column } = thrown
  const key = keyDetail.exec(thrown.detail ?? '')
  return {
    ...(table !== undefined && { table }),
    ...(constraint !== undefined && { constraint }),
    ...(column !== undefined && { column }),
    ...(key && { column: key[1]?.replaceAll('"', ''), value: key[2]?.slice(0, 100) }),
    reason: thrown.message,
  }
}

/** pg has no class for these: a system error with a code, or `Connection terminated …` and `timeout expired` without one. */
function connectionError(thrown: Error): unknown {
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  const lost =
    networkCodes.test(code) || thrown instanceof AggregateError || /^(Connection|timeout|Client (was|has)|The server does not)/i.test(thrown.message)
  if (!lost) return thrown
  const reason = code || thrown.message
  return new AppError('target_unreachable', `The database server can't be reached (${reason}).`, {
    retryable: true,
    cause: thrown,
    details: { reason },
  })
}
