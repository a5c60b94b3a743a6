import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  paginateListParts,
} from '@aws-sdk/client-s3'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { objectAt } from './s3-bucket.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { asking } from './s3-errors.ts'
import { isKey, uploadGone } from './storage.ts'

/** All but the last part are of one size: some stores demand it. */
export const partBytes = 8 * 1024 * 1024

/** What a writer left of a file: its first parts, all whole, and the bytes after them. */
export type S3Left = { uploadId: string | null; parts: CompletedPart[]; tail: Uint8Array }

/** A store takes no part as short as what comes after the last whole one: it waits as an object of its own, whose name is no key. */
const tailSuffix = '.tail'
const tailOf = (bucket: S3Bucket, key: string) => objectAt(bucket, key + tailSuffix)

/** Keeps the bytes that come after `at`, a place between parts. */
export async function putTail(bucket: S3Bucket, key: string, at: number, bytes: Uint8Array): Promise<void> {
  await asking(bucket.client.send(new PutObjectCommand({ ...tailOf(bucket, key), Body: bytes, Metadata: { at: String(at) } })))
}

export async function removeTail(bucket: S3Bucket, key: string): Promise<void> {
  await asking(bucket.client.send(new DeleteObjectCommand(tailOf(bucket, key))))
}

/** Finds the first so many bytes of an unfinished file. Throws `upload_gone` when they are not there. */
export async function findLeft(bucket: S3Bucket, key: string, bytes: number): Promise<S3Left> {
  const whole = Math.floor(bytes / partBytes)
  const at = whole * partBytes
  const { uploadId, parts } = await findParts(bucket, key, whole)
  return { uploadId, parts, tail: bytes > at ? await readTail(bucket, key, at, bytes - at) : new Uint8Array() }
}

async function findParts(bucket: S3Bucket, key: string, count: number): Promise<Omit<S3Left, 'tail'>> {
  const { Bucket, Key } = objectAt(bucket, key)
  const { Uploads = [] } = await asking(bucket.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key })))
  for (const upload of Uploads) {
    if (upload.Key !== Key || upload.UploadId === undefined) continue
    const parts = await listParts(bucket, key, upload.UploadId, count)
    if (parts.length === count) return { uploadId: upload.UploadId, parts }
  }
  if (count > 0) throw uploadGone(null)
  return { uploadId: null, parts: [] }
}

/** The first so many parts, as far as they are there without a gap. */
async function listParts(bucket: S3Bucket, key: string, UploadId: string, count: number): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = []
  const list = async () => {
    for await (const { Parts = [] } of paginateListParts({ client: bucket.client }, { ...objectAt(bucket, key), UploadId })) {
      for (const { PartNumber, ETag, ChecksumCRC32, Size } of Parts) {
        if (parts.length === count || PartNumber !== parts.length + 1 || Size !== partBytes) return
        parts.push({ PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) })
      }
    }
  }
  await asking(list())
  return parts
}

async function readTail(bucket: S3Bucket, key: string, at: number, length: number): Promise<Uint8Array> {
  const { Body, Metadata } = await asking(bucket.client.send(new GetObjectCommand(tailOf(bucket, key))))
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
  if (Metadata?.['at'] !== String(at) || bytes.length < length) throw uploadGone(null)
  return bytes.subarray(0, length)
}

/** Removes the ends of unfinished files that were left before the moment. */
export async function sweepTails(bucket: S3Bucket, before: number, keep: ReadonlySet<string>): Promise<number> {
  const { client, prefix } = bucket
  const old: string[] = []
  const list = async () => {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket.bucket, Prefix: prefix })) {
      for (const { Key = '', LastModified } of Contents) {
        const key = Key.slice(prefix.length, -tailSuffix.length)
        if (Key.endsWith(tailSuffix) && isKey(key) && !keep.has(key) && LastModified && LastModified.getTime() < before) old.push(key)
      }
    }
  }
  await asking(list())
  for (const key of old) await removeTail(bucket, key)
  return old.length
}
