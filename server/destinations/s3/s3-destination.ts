import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import type { Readable } from 'node:stream'
import { hashOf } from '../../storage/hash-file.ts'
import { objectAt } from '../../storage/s3-bucket.ts'
import type { S3Bucket } from '../../storage/s3-bucket.ts'
import type { Content, Delivered, DeliveryOrder, Destination, ProbeAnswer, Transfer, Verified } from '../destination.ts'
import { damaged, networkFailure, occupied } from '../failures.ts'
import { noMoreThan } from '../measured-content.ts'
import { requirePath } from '../paths.ts'
import { probeByWriting } from '../probe.ts'
import { Blocks, inBlocks } from './blocks.ts'
import { abortUploads, leastPart, sendInParts } from './parts-upload.ts'
import { asking, isMissing } from './store-failure.ts'

/** Parts, and files that are sent whole, that are in memory at a time, of all deliveries together. */
const mostBlocks = 6

/**
 * A bucket of an S3-compatible store. An object appears when it is complete; each part, and an object that is sent whole, is compared by the store with the
 * checksum that it comes with. The metadata of an object say which delivery it is.
 */
export class S3Destination implements Destination {
  readonly capabilities
  readonly #bucket: S3Bucket
  readonly #readBack: boolean
  readonly #blocks = new Blocks(mostBlocks, leastPart)

  constructor(bucket: S3Bucket, readBack: boolean) {
    this.#bucket = bucket
    this.#readBack = readBack
    this.capabilities = { resumable: true, verifies: 'content', hidesUnfinished: true, keepsOthers: true } as const
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    await probeByWriting(this, signal, async (path) => await this.#remove(path, signal))
    return { description: `The bucket ${this.#bucket.bucket} can be written.` }
  }

  async deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    const there = await this.#head(order.path, transfer.signal)
    if (there) {
      if (there.Metadata?.['intake-delivery'] !== keyText(order) || there.ContentLength !== order.size) throw occupied(order.path)
      return { outcome: 'already_there', resumedAt: 0 }
    }
    if (order.size <= leastPart) return await this.#sendWhole(content, order, transfer)
    const { resumedAt } = await sendInParts(this.#bucket, this.#at(order.path), {
      content,
      order,
      transfer,
      blocks: this.#blocks,
      metadata: metadataOf(order),
    })
    return { outcome: 'delivered', resumedAt }
  }

  async verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified> {
    const there = await this.#head(order.path, signal)
    const wrong = () => damaged(`What lies at ${order.path} is not what was delivered.`)
    if (there?.ContentLength !== order.size) throw wrong()
    const kept = there.ChecksumSHA256
    // With "-" it is one of the parts' checksums.
    if (kept !== undefined && !kept.includes('-')) {
      if (Buffer.from(kept, 'base64').toString('hex') !== order.sha256) throw wrong()
      return { compared: 'content' }
    }
    if (!this.#readBack) return { compared: 'size' }
    const { Body } = await asking(this.#bucket.client.send(new GetObjectCommand(this.#at(order.path)), { abortSignal: signal }), signal)
    const found = await hashOf(noMoreThan(order.size, Body as unknown as Readable), signal).catch((thrown: unknown) => {
      throw networkFailure(thrown, 'The store')
    })
    if (found.sha256 !== order.sha256) throw wrong()
    return { compared: 'content' }
  }

  async withdraw({ path }: DeliveryOrder, signal: AbortSignal): Promise<void> {
    await this.#remove(path, signal)
  }

  async abandon(order: DeliveryOrder): Promise<void> {
    await abortUploads(this.#bucket, this.#at(order.path), AbortSignal.timeout(10_000)).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy()
  }

  async #remove(path: string, signal: AbortSignal): Promise<void> {
    await asking(this.#bucket.client.send(new DeleteObjectCommand(this.#at(path)), { abortSignal: signal }), signal)
  }

  #at(path: string): { Bucket: string; Key: string } {
    return objectAt(this.#bucket, requirePath(path).join('/'))
  }

  async #head(path: string, signal: AbortSignal): Promise<HeadObjectCommandOutput | null> {
    try {
      return await this.#bucket.client.send(new HeadObjectCommand({ ...this.#at(path), ChecksumMode: 'ENABLED' }), { abortSignal: signal })
    } catch (thrown) {
      if (isMissing(thrown)) return null
      return await asking(Promise.reject(thrown as Error), signal)
    }
  }

  async #put(Body: Buffer, order: DeliveryOrder, signal: AbortSignal): Promise<void> {
    const ChecksumSHA256 = Buffer.from(order.sha256, 'hex').toString('base64')
    const command = new PutObjectCommand({ ...this.#at(order.path), Body, ChecksumSHA256, Metadata: metadataOf(order) })
    await asking(this.#bucket.client.send(command, { abortSignal: signal }), signal)
  }

  async #sendWhole(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    const { signal } = transfer
    for await (const { bytes, free } of inBlocks(content, order, { blocks: this.#blocks, bytes: leastPart, signal }))
      await this.#blocks.sent(this.#put(bytes, order, signal)).finally(free)
    if (order.size === 0) await this.#put(Buffer.alloc(0), order, signal)
    transfer.progress(order.size)
    return { outcome: 'delivered', resumedAt: 0 }
  }
}

/** Metadata are headers: ASCII alone. */
const keyText = ({ idempotencyKey }: DeliveryOrder): string => encodeURIComponent(idempotencyKey)
const metadataOf = (order: DeliveryOrder): Record<string, string> => ({ 'intake-delivery': keyText(order), 'intake-sha256': order.sha256 })
