import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { CompletedPart } from '@aws-sdk/client-s3'
import { AppError } from '../errors.ts'
import { objectAt } from './s3-bucket.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { asking, storeError } from './s3-errors.ts'
import { partBytes, putTail, removeTail } from './s3-left.ts'
import type { S3Left } from './s3-left.ts'
import type { StorageWriter } from './storage.ts'

/** Parts on their way at a time. With the one that is being filled, a writer holds three. */
const mostInFlight = 2
/** The protocol has no more: 78 GiB. */
const mostParts = 10_000

/** Writes an object in parts; one that fits into a part is sent whole. The store shows it when all parts are put together, at `commit`. */
export class S3Writer implements StorageWriter {
  readonly key: string
  readonly #bucket: S3Bucket
  readonly #stopped = new AbortController()
  readonly #inFlight = new Set<Promise<void>>()
  readonly #parts: CompletedPart[]
  readonly #resumedAt: number
  readonly #free: Buffer[] = []
  #part: Buffer | null = null
  #filled = 0
  #sent: number
  #size: number
  #uploadId: string | null
  #failure: AppError | null = null
  #shown = false

  constructor(bucket: S3Bucket, key: string, { uploadId, parts, tail }: S3Left = { uploadId: null, parts: [], tail: new Uint8Array() }) {
    this.#bucket = bucket
    this.key = key
    this.#uploadId = uploadId
    this.#parts = parts
    this.#sent = parts.length
    this.#resumedAt = parts.length * partBytes + tail.length
    this.#size = this.#resumedAt
    if (tail.length === 0) return
    this.#part = Buffer.allocUnsafeSlow(partBytes)
    this.#part.set(tail)
    this.#filled = tail.length
  }

  safe(): number {
    const numbers = new Set(this.#parts.map(({ PartNumber }) => PartNumber))
    let whole = 0
    while (numbers.has(whole + 1)) whole += 1
    return Math.max(whole * partBytes, this.#resumedAt)
  }

  async write(pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length;) {
        if (this.#filled === partBytes) await this.#sendPart()
        // Its pages are taken from the system only as they are filled.
        this.#part ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(partBytes)
        const some = piece.subarray(at, at + partBytes - this.#filled)
        this.#part.set(some, this.#filled)
        this.#filled += some.length
        at += some.length
      }
      this.#size += piece.length
    }
    this.#throwIfFailed()
  }

  async commit(): Promise<void> {
    this.#shown = true
    if (this.#uploadId === null) await this.#putWhole()
    else {
      await this.#sendPart()
      await this.#allSent()
      await this.#complete(this.#uploadId)
    }
    // Left to the sweep when the store takes no more.
    if (this.#resumedAt > 0) await removeTail(this.#bucket, this.key).catch(() => undefined)
  }

  async suspend(): Promise<void> {
    if (this.#filled === partBytes) await this.#sendPart()
    await this.#allSent()
    if (this.#part !== null && this.#filled > 0) await putTail(this.#bucket, this.key, this.#sent * partBytes, this.#part.subarray(0, this.#filled))
  }

  async discard(): Promise<void> {
    this.#stopped.abort()
    // A part that arrives after the abort would stay.
    await Promise.all(this.#inFlight)
    const { client } = this.#bucket
    const object = objectAt(this.#bucket, this.key)
    const removals: Promise<unknown>[] = []
    if (this.#uploadId !== null) removals.push(client.send(new AbortMultipartUploadCommand({ ...object, UploadId: this.#uploadId })))
    if (this.#shown) removals.push(client.send(new DeleteObjectCommand(object)))
    if (this.#resumedAt > 0) removals.push(removeTail(this.#bucket, this.key))
    // What fails here is found later: by the sweep, or as a file that belongs to no run.
    await Promise.allSettled(removals)
  }

  async #putWhole(): Promise<void> {
    const body = this.#part?.subarray(0, this.#filled) ?? Buffer.alloc(0)
    await asking(this.#bucket.client.send(new PutObjectCommand({ ...objectAt(this.#bucket, this.key), Body: body }), this.#options()))
  }

  async #sendPart(): Promise<void> {
    const uploadId = (this.#uploadId ??= await this.#begin())
    while (this.#inFlight.size >= mostInFlight) await Promise.race(this.#inFlight)
    this.#throwIfFailed()
    const part = this.#part
    if (part === null) return
    if (this.#sent === mostParts) throw new AppError('upload_too_large', 'The store for uploads takes files of up to 78 GiB.')
    this.#sent += 1
    const sending = this.#send(uploadId, this.#sent, part, this.#filled)
    this.#inFlight.add(sending)
    void sending.then(() => this.#inFlight.delete(sending))
    this.#part = null
    this.#filled = 0
  }

  /** Never rejects: what went wrong is thrown by the next `write` or by `commit`. */
  async #send(UploadId: string, PartNumber: number, part: Buffer, length: number): Promise<void> {
    try {
      const Body = part.subarray(0, length)
      const command = new UploadPartCommand({ ...objectAt(this.#bucket, this.key), UploadId, PartNumber, Body })
      const { ETag, ChecksumCRC32 } = await this.#bucket.client.send(command, this.#options())
      this.#parts.push({ PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) })
      this.#free.push(part)
    } catch (thrown) {
      this.#failure ??= storeError(thrown)
    }
  }

  async #begin(): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...objectAt(this.#bucket, this.key), ChecksumAlgorithm: 'CRC32' })
    const { UploadId } = await asking(this.#bucket.client.send(command, this.#options()))
    if (UploadId === undefined) throw new AppError('unavailable', 'The store for uploads takes no uploads in parts.')
    return UploadId
  }

  async #complete(UploadId: string): Promise<void> {
    const Parts = this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
    const command = new CompleteMultipartUploadCommand({ ...objectAt(this.#bucket, this.key), UploadId, MultipartUpload: { Parts } })
    try {
      await asking(this.#bucket.client.send(command, this.#options()))
    } catch (thrown) {
      // When the answer was lost, the client asks again, for an upload that is then no longer known.
      if (!(await this.#isWhole())) throw thrown
    }
  }

  async #isWhole(): Promise<boolean> {
    try {
      const { ContentLength } = await this.#bucket.client.send(new HeadObjectCommand(objectAt(this.#bucket, this.key)))
      return ContentLength === this.#size
    } catch {
      return false
    }
  }

  async #allSent(): Promise<void> {
    await Promise.all(this.#inFlight)
    this.#throwIfFailed()
  }

  #options(): { abortSignal: AbortSignal } {
    return { abortSignal: this.#stopped.signal }
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure
  }
}
