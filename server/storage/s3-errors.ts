import { S3ServiceException } from '@aws-sdk/client-s3'
import { AppError } from '../errors.ts'
import { cutShort, uploadGone } from './storage.ts'

const fullNames = new Set(['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded'])

/** Waits for an answer of the store. What it refuses is told as an AppError that says what to do. */
export async function asking<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    throw storeError(thrown)
  }
}

/** An error of the S3 client as an AppError; one of ours as it is. */
export function storeError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const failure = (message: string): AppError => new AppError('unavailable', message, { cause: thrown })
  if (!(thrown instanceof S3ServiceException))
    return failure('The store for uploads can’t be reached. Look at S3_ENDPOINT, and try again when it answers.')
  const status = thrown.$metadata.httpStatusCode ?? 0
  if (thrown.name === 'NoSuchBucket') return failure('The store has no such bucket. Make it, or correct S3_BUCKET.')
  if (status === 416) return cutShort()
  if (status === 404) return uploadGone(thrown)
  if (status === 507 || fullNames.has(thrown.name))
    return new AppError('storage_full', 'The store for uploads is full. Nothing was started.', { cause: thrown })
  if (status === 401 || status === 403)
    return failure('The store for uploads refuses the key. Look at S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and what that key may do.')
  return failure(`The store for uploads failed (${thrown.name}). Try again later.`)
}
