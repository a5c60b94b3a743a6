import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { Readable, addAbortSignal } from 'node:stream'
import { objectAt } from './s3-bucket.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { asking, storeError } from './s3-errors.ts'
import { cutShort } from './storage.ts'
import type { ByteRange } from './storage.ts'

/** How often a read goes on after its connection broke without a byte. */
const mostBreaks = 3

/**
 * An object as a stream. A connection that breaks (a store closes one that is read slowly, too) is followed by another that goes on where it was; only when
 * nothing more comes does the stream fail.
 */
export function readObject(bucket: S3Bucket, key: string, range: ByteRange | undefined): Readable {
  const stopped = new AbortController()
  const pieces = readOn(bucket, key, range, stopped.signal)
  return new Readable({
    highWaterMark: 256 * 1024,
    read() {
      pieces.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (thrown: unknown) => this.destroy(storeError(thrown)),
      )
    },
    destroy(error, done) {
      stopped.abort()
      done(error)
    },
  })
}

async function* readOn(bucket: S3Bucket, key: string, range: ByteRange | undefined, signal: AbortSignal): AsyncGenerator<Buffer, undefined> {
  let at = range?.start ?? 0
  let end = range?.end
  let version: string | undefined
  let breaks = 0
  while (end === undefined || at < end) {
    const answer = await get(bucket, key, { at, end, version }, signal)
    version = answer.version
    end ??= answer.length
    try {
      for await (const piece of addAbortSignal(signal, answer.body) as AsyncIterable<Buffer>) {
        at += piece.length
        breaks = 0
        yield piece
      }
      if (at < end) throw new Error('the answer of the store ended early')
    } catch (thrown) {
      breaks += 1
      if (signal.aborted || breaks > mostBreaks) throw storeError(thrown)
    }
  }
}

type Answer = { body: Readable; length: number; version: string | undefined }
type Wanted = { at: number; end: number | undefined; version: string | undefined }

/** Asks for the bytes from `at`, of the version of the object that was read so far. Throws `file_damaged` when there are fewer than there must be. */
async function get(bucket: S3Bucket, key: string, { at, end, version }: Wanted, signal: AbortSignal): Promise<Answer> {
  const command = new GetObjectCommand({
    ...objectAt(bucket, key),
    ...(end !== undefined && { Range: `bytes=${at}-${end - 1}` }),
    ...(version !== undefined && { IfMatch: version }),
  })
  const answer: GetObjectCommandOutput = await asking(bucket.client.send(command, { abortSignal: signal }))
  const body = answer.Body as unknown as Readable
  const length = answer.ContentLength
  if (length !== undefined && (end === undefined || length === end - at)) return { body, length, version: answer.ETag }
  body.destroy()
  throw cutShort()
}
