import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  paginateListParts,
} from '@aws-sdk/client-s3'
import type { CompletedPart, Part, UploadPartCommandOutput } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { S3Bucket } from '../../storage/s3-bucket.ts'
import type { Content, DeliveryOrder, Transfer } from '../destination.ts'
import { tooLarge, unreachable } from '../failures.ts'
import { inBlocks } from './blocks.ts'
import type { Block, Blocks } from './blocks.ts'
import { asking, isMissing } from './store-failure.ts'

type ObjectName = { Bucket: string; Key: string }
type Sending = { content: Content; order: DeliveryOrder; transfer: Transfer; blocks: Blocks; metadata: Record<string, string> }

const mib = 1024 * 1024
/** Parts are no smaller, but for the last one. */
export const leastPart = 8 * mib
const mostParts = 10_000
/** The protocol's 5 TiB. */
const mostBytes = 5 * 1024 * 1024 * mib

/**
 * Sends an object in parts. Goes on with an upload of a former try that is still open: a part that the store has is not sent again when its checksum is that
 * of the bytes that would be sent.
 */
export async function sendInParts(bucket: S3Bucket, at: ObjectName, sending: Sending): Promise<{ resumedAt: number }> {
  const { order, transfer } = sending
  if (order.size > mostBytes) throw tooLarge('A store takes files of up to 5 TiB.')
  const { signal } = transfer
  const former = await formerUpload(bucket, at, signal)
  const UploadId = former?.UploadId ?? (await begin(bucket, at, sending))
  const there = former?.there ?? new Map<number, Part>()
  const upload = new PartsUpload(bucket, { ...at, UploadId }, { there, transfer, blocks: sending.blocks })
  await upload.send(inBlocks(sending.content, order, { blocks: sending.blocks, bytes: partBytesFor(order.size), signal }))
  await complete(bucket, { ...at, UploadId }, upload.done, order, signal)
  return { resumedAt: upload.kept }
}

/** Ends all uploads of an object that are open, each once: a store may list them for a while after that. */
export async function abortUploads(bucket: S3Bucket, at: ObjectName, signal: AbortSignal): Promise<void> {
  for (const UploadId of await openUploads(bucket, at, signal))
    await bucket.client.send(new AbortMultipartUploadCommand({ ...at, UploadId }), { abortSignal: signal }).catch(unlessGone)
}

const unlessGone = (thrown: unknown): void => {
  if (!isMissing(thrown)) throw thrown
}

/** All parts but the last have one size, which some stores demand; it depends on the file's alone. */
function partBytesFor(size: number): number {
  return Math.max(leastPart, Math.ceil(size / mostParts / mib) * mib)
}

/** The newest first. */
async function openUploads(bucket: S3Bucket, at: ObjectName, signal: AbortSignal): Promise<string[]> {
  const command = new ListMultipartUploadsCommand({ Bucket: at.Bucket, Prefix: at.Key })
  const { Uploads = [] } = await asking(bucket.client.send(command, { abortSignal: signal }), signal)
  const own = Uploads.filter(({ Key }) => Key === at.Key).toSorted((a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0))
  return own.flatMap(({ UploadId }) => UploadId ?? [])
}

/** What a former try left open, with its parts. One that is listed may have expired, or be one that was ended just now: then there is none to go on with. */
async function formerUpload(bucket: S3Bucket, at: ObjectName, signal: AbortSignal): Promise<{ UploadId: string; there: Map<number, Part> } | null> {
  for (const UploadId of await openUploads(bucket, at, signal)) {
    const there = await partsOf(bucket, { ...at, UploadId }, signal)
    if (there) return { UploadId, there }
  }
  return null
}

async function begin(bucket: S3Bucket, at: ObjectName, { metadata, transfer: { signal } }: Sending): Promise<string> {
  const command = new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'CRC32', Metadata: metadata })
  const { UploadId } = await asking(bucket.client.send(command, { abortSignal: signal }), signal)
  if (UploadId === undefined) throw unreachable('The store takes no uploads in parts.')
  return UploadId
}

/** Null when there is no such upload any more. */
async function partsOf(bucket: S3Bucket, upload: ObjectName & { UploadId: string }, signal: AbortSignal): Promise<Map<number, Part> | null> {
  const parts = new Map<number, Part>()
  const list = async () => {
    for await (const { Parts = [] } of paginateListParts({ client: bucket.client }, upload, { abortSignal: signal }))
      for (const part of Parts) parts.set(part.PartNumber ?? 0, part)
  }
  try {
    await list()
    return parts
  } catch (thrown) {
    if (!signal.aborted && isMissing(thrown)) return null
    return await asking(Promise.reject(thrown as Error), signal)
  }
}

class PartsUpload {
  readonly done: CompletedPart[] = []
  /** Bytes of parts that were there. */
  kept = 0
  readonly #bucket: S3Bucket
  readonly #object: ObjectName & { UploadId: string }
  readonly #there: Map<number, Part>
  readonly #transfer: Transfer
  readonly #blocks: Blocks
  readonly #inFlight = new Set<Promise<void>>()
  #sent = 0
  #failure: Error | null = null

  constructor(
    bucket: S3Bucket,
    upload: ObjectName & { UploadId: string },
    { there, transfer, blocks }: { there: Map<number, Part>; transfer: Transfer; blocks: Blocks },
  ) {
    this.#bucket = bucket
    this.#object = upload
    this.#there = there
    this.#transfer = transfer
    this.#blocks = blocks
  }

  /** The memory of the destination bounds how many parts are on their way. */
  async send(parts: AsyncIterable<Block>): Promise<void> {
    let number = 0
    try {
      for await (const { bytes, free } of parts) {
        number += 1
        const sending = this.#sendPart(number, bytes).finally(free)
        this.#inFlight.add(sending)
        void sending.then(() => this.#inFlight.delete(sending))
        if (this.#failure) break
      }
    } finally {
      await Promise.all(this.#inFlight)
    }
    if (this.#failure) throw this.#failure
  }

  /** Never rejects: what went wrong is thrown at the end. */
  async #sendPart(PartNumber: number, Body: Buffer): Promise<void> {
    const { progress } = this.#transfer
    try {
      const there = this.#there.get(PartNumber)
      const same = there !== undefined && isSame(there, Body)
      if (same) this.kept += Body.length
      const { ETag, ChecksumCRC32 } = same ? there : await this.#upload(PartNumber, Body)
      this.done.push({ PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) })
      this.#sent += Body.length
      progress(this.#sent)
    } catch (thrown) {
      this.#failure ??= thrown as Error
    }
  }

  async #upload(PartNumber: number, Body: Buffer): Promise<UploadPartCommandOutput> {
    const { signal } = this.#transfer
    const command = new UploadPartCommand({ ...this.#object, PartNumber, Body })
    return await this.#blocks.sent(asking(this.#bucket.client.send(command, { abortSignal: signal }), signal))
  }
}

/** Whether a part that the store has is made of these bytes: by the checksum that it came with, or, where the store tells none, by its MD5. */
function isSame({ Size, ETag, ChecksumCRC32 }: Part, body: Buffer): boolean {
  if (Size !== body.length) return false
  if (ChecksumCRC32 !== undefined) {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return ChecksumCRC32 === sum.toString('base64')
  }
  return ETag?.replaceAll('"', '') === createHash('md5').update(body).digest('hex')
}

async function complete(
  bucket: S3Bucket,
  upload: ObjectName & { UploadId: string },
  done: CompletedPart[],
  order: DeliveryOrder,
  signal: AbortSignal,
) {
  const Parts = done.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
  const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
  try {
    await asking(bucket.client.send(command, { abortSignal: signal }), signal)
  } catch (thrown) {
    // When the answer was lost, the client asks again, for an upload that is then no longer known.
    const { Bucket, Key } = upload
    const there = await bucket.client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal: signal }).catch(() => null)
    if (there?.ContentLength !== order.size || there.Metadata?.['intake-sha256'] !== order.sha256) throw thrown
  }
}
