import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import type { ListMultipartUploadsCommandOutput, MultipartUpload } from '@aws-sdk/client-s3'
import type { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { objectAt, openBucket } from './s3-bucket.ts'
import type { S3Address, S3Bucket } from './s3-bucket.ts'
import { asking, storeError } from './s3-errors.ts'
import { findLeft, sweepTails } from './s3-left.ts'
import { readObject } from './s3-reading.ts'
import { S3Writer } from './s3-writer.ts'
import { isKey, requireKey } from './storage.ts'
import type { ByteRange, Storage, StorageWriter, StoredFile } from './storage.ts'

/** The protocol's limit for a copy by one request. */
const mostCopied = 5 * 1024 ** 3

/** Files as objects of a bucket, in Amazon S3 or a store that speaks like it. */
export class S3Storage implements Storage {
  readonly #bucket: S3Bucket

  constructor(address: S3Address) {
    this.#bucket = openBucket(address)
  }

  async create(): Promise<StorageWriter> {
    return new S3Writer(this.#bucket, randomUUID())
  }

  async resume(key: string, bytes: number): Promise<StorageWriter> {
    requireKey(key)
    return new S3Writer(this.#bucket, key, await findLeft(this.#bucket, key, bytes))
  }

  async size(key: string): Promise<number> {
    requireKey(key)
    const { ContentLength } = await asking(this.#bucket.client.send(new HeadObjectCommand(objectAt(this.#bucket, key))))
    return ContentLength ?? 0
  }

  read(key: string, range?: ByteRange): Readable {
    requireKey(key)
    return readObject(this.#bucket, key, range)
  }

  fileOf(): null {
    return null
  }

  async duplicate(source: string): Promise<string> {
    if ((await this.size(source)) > mostCopied) return await this.#copyThroughHere(source)
    const key = randomUUID()
    const { bucket, prefix, client } = this.#bucket
    const CopySource = [bucket, ...`${prefix}${source}`.split('/')].map(encodeURIComponent).join('/')
    await asking(client.send(new CopyObjectCommand({ ...objectAt(this.#bucket, key), CopySource })))
    return key
  }

  async #copyThroughHere(source: string): Promise<string> {
    const writer = await this.create()
    try {
      for await (const piece of this.read(source) as AsyncIterable<Buffer>) await writer.write([piece])
      await writer.commit()
      return writer.key
    } catch (thrown) {
      await writer.discard()
      throw thrown
    }
  }

  async remove(key: string): Promise<void> {
    requireKey(key)
    await asking(this.#bucket.client.send(new DeleteObjectCommand(objectAt(this.#bucket, key))))
  }

  async *list(): AsyncIterable<StoredFile> {
    const { client, bucket, prefix } = this.#bucket
    try {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key, LastModified } of Contents) {
          const key = Key?.slice(prefix.length) ?? ''
          if (isKey(key) && LastModified) yield { key, modifiedAt: LastModified.getTime() }
        }
      }
    } catch (thrown) {
      throw storeError(thrown)
    }
  }

  async sweep(before: number, keep: ReadonlySet<string> = new Set()): Promise<number> {
    let removed = await sweepTails(this.#bucket, before, keep)
    for await (const { Key = '', UploadId, Initiated } of this.#unfinished()) {
      const key = Key.slice(this.#bucket.prefix.length)
      if (!isKey(key) || keep.has(key) || !Initiated || Initiated.getTime() >= before) continue
      if (await this.#abort(Key, UploadId)) removed += 1
    }
    return removed
  }

  async ping(): Promise<void> {
    try {
      await asking(this.#bucket.client.send(new HeadBucketCommand({ Bucket: this.#bucket.bucket })))
    } catch (cause) {
      // The answer has no body that tells this 404 from that of a missing object.
      if (!(cause instanceof AppError) || cause.code !== 'upload_gone') throw cause
      throw new AppError('unavailable', 'The store has no such bucket. Make it, or correct S3_BUCKET.', { cause })
    }
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy()
  }

  /** Uploads that were neither completed nor aborted. A store that does not list them removes them by itself. */
  async *#unfinished(): AsyncIterable<MultipartUpload> {
    const { client, bucket, prefix } = this.#bucket
    let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {}
    while (from !== null) {
      const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...from })
      const page: ListMultipartUploadsCommandOutput = await asking(client.send(command))
      yield* page.Uploads ?? []
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
      from = IsTruncated
        ? { ...(NextKeyMarker && { KeyMarker: NextKeyMarker }), ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }) }
        : null
    }
  }

  /** Answers false when it was completed or aborted meanwhile. */
  async #abort(name: string, uploadId: string | undefined): Promise<boolean> {
    try {
      const command = new AbortMultipartUploadCommand({ Bucket: this.#bucket.bucket, Key: name, UploadId: uploadId })
      await asking(this.#bucket.client.send(command))
      return true
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'upload_gone') return false
      throw thrown
    }
  }
}
