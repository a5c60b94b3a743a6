import { S3ServiceException } from '@aws-sdk/client-s3'
import { AppError } from '../../errors.ts'
import { full, loginRefused, networkFailure, refused, tooLarge, unreachable } from '../failures.ts'
import { retryAfterMs } from '../web/retry-after.ts'

const badKeys = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken', 'AccountProblem'])
const fullNames = new Set(['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded'])
const busyNames = new Set(['SlowDown', 'RequestTimeout', 'ServiceUnavailable', 'InternalError', 'TooManyRequests'])

/** An error of the S3 client as one of ours; one of ours, or the reason of an abort, as it is. */
function storeFailure(thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (thrown instanceof AppError) return thrown
  // A lookup that was not allowed comes wrapped, or as it is.
  if (thrown instanceof Error && thrown.cause instanceof AppError) return thrown.cause
  if (!(thrown instanceof S3ServiceException)) return networkFailure(thrown, 'The store')
  const { name, $metadata, $response } = thrown
  const status = $metadata.httpStatusCode ?? 0
  if (name === 'NoSuchBucket') return loginRefused('The store has no such bucket.', thrown)
  if (status === 507 || fullNames.has(name)) return full(`The store is full (${name}).`, thrown)
  if (badKeys.has(name) || status === 401 || status === 403) return loginRefused(`The store refuses the key (${name}).`, thrown)
  if (status === 413 || name === 'EntityTooLarge') return tooLarge('The store takes no files of that size.', thrown)
  if (status >= 500 || status === 429 || busyNames.has(name))
    return unreachable(`The store failed (${name}).`, thrown, retryAfterMs($response?.headers['retry-after']))
  // It expired, or somebody ended it, while it was being sent: the next try begins another one.
  if (name === 'NoSuchUpload') return unreachable('The store no longer knows the upload that was under way (NoSuchUpload).', thrown)
  if (status >= 300 && status < 400) return refused('The store is elsewhere: correct the region or the endpoint.', thrown)
  return refused(`The store refuses the file (${name}).`, thrown)
}

/** Waits for an answer of the store. */
export async function asking<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    throw storeFailure(thrown, signal)
  }
}

export function isMissing(thrown: unknown): boolean {
  return thrown instanceof S3ServiceException && (thrown.$metadata.httpStatusCode === 404 || thrown.name === 'NoSuchUpload')
}
