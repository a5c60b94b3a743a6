import { AppError, messageOf } from '../errors.ts'
import type { ErrorCode } from '../../shared/protocol/errors.ts'

/** The ways in which a destination fails, each as one error. `where` names the destination in a sentence: a host, a folder, a store. */
const failure =
  (code: ErrorCode, retryable: boolean) =>
  (message: string, cause?: unknown): AppError =>
    new AppError(code, message, { retryable, ...(cause !== undefined && { cause }) })

export const loginRefused = failure('destination_login_refused', false)
export const refused = failure('destination_refused', false)
export const tooLarge = failure('destination_too_large', false)
export const full = failure('destination_full', false)
export const damaged = failure('destination_damaged', true)

/** `retryAfterMs`: what the other side asked for. */
export function unreachable(message: string, cause?: unknown, retryAfterMs?: number): AppError {
  return new AppError('destination_unreachable', message, {
    retryable: true,
    ...(retryAfterMs !== undefined && { details: { retryAfterMs } }),
    ...(cause !== undefined && { cause }),
  })
}

export const occupied = (path: string): AppError => refused(`Another file lies at ${path} already; it is not replaced.`)

const untrusted = /^(CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_SSL_)/

/** An error of the network or of a protocol's client as one of ours; one of ours as it is. */
export function networkFailure(thrown: unknown, where: string): AppError {
  if (thrown instanceof AppError) return thrown
  const code = codeOf(thrown)
  if (untrusted.test(code)) return refused(`The certificate of ${where} is not one that can be trusted (${code}).`, thrown)
  return unreachable(`${where} can’t be reached or broke off (${code || messageOf(thrown)}).`, thrown)
}

/** An error of the file system of a folder. */
export function folderFailure(thrown: unknown, where: string): unknown {
  switch (codeOf(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return full(`${where} is full.`, thrown)
    case 'EFBIG':
      return tooLarge(`${where} takes no files of that size.`, thrown)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'EISDIR':
    case 'ENOTDIR':
    case 'EEXIST':
      return refused(`${where} refuses the file (${codeOf(thrown)}).`, thrown)
    case 'ENOENT':
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'ENODEV':
    case 'ENOTCONN':
    case 'ENONET':
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return unreachable(`${where} can’t be reached (${codeOf(thrown)}). Is it mounted?`, thrown)
    case 'EBUSY':
    case 'EAGAIN':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOLCK':
      return unreachable(`${where} is too busy now (${codeOf(thrown)}).`, thrown)
    default:
      return thrown
  }
}

export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}
