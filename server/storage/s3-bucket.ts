import { S3Client } from '@aws-sdk/client-s3'
import type { LookupFunction } from 'node:net'
import type { StorageAddress } from '../config/config.ts'

export type S3Address = Extract<StorageAddress, { type: 's3' }>

/** A bucket and how our objects are named in it. */
export type S3Bucket = { client: S3Client; bucket: string; prefix: string }

/** Where an object lies, as commands name it. */
export const objectAt = ({ bucket, prefix }: S3Bucket, key: string) => ({ Bucket: bucket, Key: prefix + key })

const connectMs = 5000
/** Longer than a slow store takes to answer, and than any pause in a part that is being sent. */
const idleMs = 120_000

/** `lookup` replaces the system's: for addresses that people choose. */
export function openBucket(address: S3Address, lookup?: LookupFunction): S3Bucket {
  const { accessKeyId, secretAccessKey, region, endpoint, forcePathStyle, bucket, prefix } = address
  const agent = { maxSockets: 200, ...(lookup && { lookup }) }
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 3,
    // Each object and part is sent with its CRC-32, which the store compares with what it received.
    requestChecksumCalculation: 'WHEN_SUPPORTED',
    // What is read is compared with the SHA-256 that was counted at receipt, which other stores than Amazon's do not know.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectMs, socketTimeout: idleMs, httpAgent: agent, httpsAgent: agent },
  })
  return { client, bucket, prefix }
}
